"""Python ProxyStore on the other side of an endpoint; $PROXYSTORE_HOME says where endpoints are found.

peer.py consume UUID              makes a future, prints its key, blocks in its proxy, prints the text
peer.py produce UUID KEY TEXT     sets the future of that key
peer.py read UUID KEY             resolves a proxy of that key, prints the text
peer.py put UUID TEXT             puts the text, prints the key
peer.py large UUID BYTES          puts that many bytes, reads them again, evicts them, prints the key
peer.py serve NAME                serves the endpoint of that name; prints a line when it does
"""

import os
import sys


def store(uuid):
    from proxystore.connectors.endpoint import EndpointConnector
    from proxystore.store import Store

    return Store('peer', EndpointConnector([uuid]), register=True, cache_size=0)


def future_of(store, object_id):
    from proxystore.connectors.endpoint import EndpointKey
    from proxystore.store.factory import PollingStoreFactory
    from proxystore.store.future import Future

    key = EndpointKey(object_id, str(store.connector.endpoint_uuid))
    return Future(PollingStoreFactory(key, store.config(), polling_interval=0.005))


def serve(name):
    import asyncio
    import uuid

    import uvicorn
    from proxystore.endpoint.config import read_config
    from proxystore.endpoint.endpoint import Endpoint
    from proxystore.endpoint.serve import create_app

    config = read_config(os.path.join(os.environ['PROXYSTORE_HOME'], name))

    async def run():
        endpoint = await Endpoint(name=name, uuid=uuid.UUID(config.uuid))
        server = uvicorn.Server(
            uvicorn.Config(create_app(endpoint), host=config.host, port=config.port, log_level='error')
        )
        server.install_signal_handlers = lambda: None
        task = asyncio.ensure_future(server.serve())
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        print('serves', flush=True)
        await task

    asyncio.run(run())


def main(action, where, *rest):
    if action == 'serve':
        serve(where)
        return
    peer = store(where)
    if action == 'consume':
        future = peer.future(polling_interval=0.005, polling_timeout=50)
        print(future._factory.key.object_id, flush=True)
        print(str(future.proxy()), flush=True)
    elif action == 'produce':
        future_of(peer, rest[0]).set_result(rest[1])
    elif action == 'read':
        print(str(future_of(peer, rest[0]).proxy()))
    elif action == 'put':
        print(peer.put(rest[0]).object_id)
    elif action == 'large':
        data = bytes(range(256)) * (int(rest[0]) // 256)
        key = peer.put(data)
        assert peer.exists(key) and peer.get(key) == data
        peer.evict(key)
        assert not peer.exists(key) and peer.get(key) is None
        print(peer.put(data).object_id)


if __name__ == '__main__':
    main(*sys.argv[1:])
