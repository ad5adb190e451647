# The reverse proxy with its configuration inside, started as a number that owns nothing but its certificates.
ARG PROXY_IMAGE=caddy:2.10-alpine
FROM ${PROXY_IMAGE}
COPY docker/Caddyfile /etc/caddy/Caddyfile
RUN mkdir -p /data /config && chown -R 10002:10002 /data /config
ENV XDG_DATA_HOME=/data XDG_CONFIG_HOME=/config
USER 10002:10002
EXPOSE 8080 8443
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
