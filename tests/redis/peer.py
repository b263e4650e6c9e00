"""Python on the other side of a Redis server.

peer.py consume PORT              makes a future, prints its key, blocks in its proxy, prints the text
peer.py produce PORT KEY TEXT     sets the future of that key
peer.py read PORT KEY             resolves a proxy of that key, prints the text
peer.py put PORT TEXT             puts the text, prints the key
peer.py client PORT KEY TEXT      the same as produce, with redis-py alone
"""

import sys


def store(port):
    from proxystore.connectors.redis import RedisConnector
    from proxystore.store import Store

    return Store('peer', RedisConnector('127.0.0.1', port), register=True, cache_size=0)


def future_of(store, key):
    from proxystore.connectors.redis import RedisKey
    from proxystore.store.factory import PollingStoreFactory
    from proxystore.store.future import Future

    return Future(PollingStoreFactory(RedisKey(key), store.config(), polling_interval=0.005))


def main(action, port, *rest):
    port = int(port)
    if action == 'client':
        import redis

        redis.StrictRedis(port=port).set(rest[0], b'US\n' + rest[1].encode())
        return
    peer = store(port)
    if action == 'consume':
        future = peer.future(polling_interval=0.005, polling_timeout=50)
        print(future._factory.key.redis_key, flush=True)
        print(str(future.proxy()), flush=True)
    elif action == 'produce':
        future_of(peer, rest[0]).set_result(rest[1])
    elif action == 'read':
        print(str(future_of(peer, rest[0]).proxy()))
    elif action == 'put':
        print(peer.put(rest[0]).redis_key)


if __name__ == '__main__':
    main(*sys.argv[1:])
