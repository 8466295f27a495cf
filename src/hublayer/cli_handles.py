"""What the shell may complete a handle to."""

from __future__ import annotations


def cached_handles(incomplete: str) -> list[str]:
    """Return the handles in the cache that begin so."""
    from hublayer.hub.cache import Cache
    from hublayer.hub.inventory import Inventory

    try:
        handles = {kept.asked for kept in Inventory(Cache.from_environment()).handles}
    except OSError:
        return []
    return sorted(handle for handle in handles if handle.startswith(incomplete) and "***" not in handle)
