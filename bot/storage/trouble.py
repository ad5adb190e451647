"""Which failures are the database's own and pass, and which lie in what was asked of it."""

from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# Locked, full, restarting, out of connections, asleep too long in a transaction: nothing was committed, and the same
# may succeed later.
DATABASE_TROUBLE = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)
