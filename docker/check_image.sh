#!/usr/bin/env bash
# Builds the image without a registry or a daemon, and shows that it serves read-only, as a number, without any right.
#
#   docker/check_image.sh [BASE.tar [BUILDAH OPTIONS...]]
#
# Needs root, and of Debian: buildah, mmdebstrap, curl. BASE.tar is a root file system with Python 3.11, venv and pip;
# without it one is made of Debian's packages. The other options go to buildah, such as a certificate to mount.
# Where overlay file systems are not allowed, set STORAGE_DRIVER=vfs, which is slower.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
chmod 755 "$scratch"
serving=
clean() {
  [ -z "$serving" ] || kill "$serving" 2>/dev/null || true
  [ -z "$serving" ] || wait "$serving" 2>/dev/null || true
  builder umount --all >/dev/null 2>&1 || true
  rm -rf "$scratch"
}
builder() { buildah --root "$scratch/store" --runroot "$scratch/run" --storage-driver "${STORAGE_DRIVER:-overlay}" "$@"; }
trap clean EXIT

base=${1:-}
[ "$#" -eq 0 ] || shift
if [ -z "$base" ]; then
  base=$scratch/base.tar
  mmdebstrap --quiet --variant=minbase --include=python3.11-venv,python3-pip,ca-certificates bookworm "$base"
fi
base=$(realpath "$base")
printf 'FROM scratch\nADD %s /\n' "$(basename "$base")" >"$scratch/Base"
builder build -q --isolation chroot -f "$scratch/Base" -t localhost/python-base "$(dirname "$base")" >/dev/null
builder build -q --isolation chroot --format docker --pull-never --build-arg PYTHON_IMAGE=localhost/python-base "$@" \
  -f docker/Dockerfile -t localhost/cdai-diary . >/dev/null
echo "ok: built from docker/Dockerfile"

image=$(builder from --pull-never localhost/cdai-diary)
root=$(builder mount "$image")
mkdir "$scratch/data"
chown 10001:10001 "$scratch/data"

# The image as `docker run --read-only --cap-drop ALL --security-opt no-new-privileges` would run it: the same user,
# environment and folder as its configuration says. A script of its own, so that a signal to it reaches the service.
cat >"$scratch/inside" <<'END'
#!/bin/bash
exec unshare --mount --propagation private bash -euo pipefail -c '
  root=$1; data=$2; shift 2
  mount --bind "$root" "$root"
  mount --bind "$data" "$root/data"
  mount -t tmpfs -o size=64m,mode=1777 tmpfs "$root/tmp"
  mount -t proc proc "$root/proc"
  mount -o remount,bind,ro "$root"
  exec env -i PATH=/opt/cdai-diary/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    CDAI_DATA_DIR=/data CDAI_LISTEN=127.0.0.1:18080 chroot "$root" setpriv --reuid 10001 --regid 10001 \
    --clear-groups --bounding-set -all --inh-caps -all --no-new-privs "$@"
' inside "$@"
END
inside() { bash "$scratch/inside" "$root" "$scratch/data" "$@"; }

builder inspect --type image --format '{{.Docker.Config.User}} {{.Docker.Config.Entrypoint}} {{.Docker.Config.Cmd}}' \
  localhost/cdai-diary | grep -qx '10001:10001 \[python -m bot\] \[run\]'
echo "ok: starts as 10001:10001 with python -m bot run"
inside sh -c 'test "$(id -u):$(id -g)" = 10001:10001 && touch /data/written /tmp/written && rm /data/written
  grep -q "^CapEff:.0*$" /proc/self/status && grep -q "^CapBnd:.0*$" /proc/self/status
  for file in /written /opt/cdai-diary/written /var/tmp/written; do ! touch "$file" 2>/dev/null || exit 1; done'
echo "ok: nothing but /data and /tmp can be written"

inside python -m bot migrate
inside python -m bot check
inside python -m bot protocol show >/dev/null
echo "ok: shows the protocol that came with it"
bash "$scratch/inside" "$root" "$scratch/data" python -m bot run &
serving=$!
for path in healthz readyz; do
  curl --silent --show-error --fail --retry 30 --retry-connrefused --retry-delay 1 "http://127.0.0.1:18080/$path"
  echo
done
curl --silent --fail --output /dev/null "http://127.0.0.1:18080/clinic/sign-in"
echo "ok: serves read-only"
kill -TERM "$serving"
wait "$serving"
serving=
echo "ok: ends when it is told to"
