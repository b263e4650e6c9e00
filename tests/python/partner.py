"""Python ProxyStore on the other side of a proxy or future. Pickles come and go as hexadecimal digits.

partner.py read PICKLE            resolves a proxy, prints its repr
partner.py blocked PICKLE         a proxy of a future, or the future: prints "waiting" while there is nothing, then the repr
partner.py set PICKLE EXPRESSION  sets a future
partner.py proxy MEDIUM EXPRESSION [lazy]  prints a proxy of a new object
partner.py promise MEDIUM         prints a future

MEDIUM: file:DIRECTORY, redis:PORT or endpoint:UUID:HOME
"""

import pickle
import sys

import numpy  # noqa: F401  (in expressions)
from proxystore.proxy import Proxy, extract, get_factory
from proxystore.store import Store

POLLING = {'polling_interval': 0.005, 'polling_timeout': 50}


def store(medium):
    kind, *where = medium.split(':')
    if kind == 'file':
        from proxystore.connectors.file import FileConnector

        connector = FileConnector(where[0], clear=False)
    elif kind == 'redis':
        from proxystore.connectors.redis import RedisConnector

        connector = RedisConnector('127.0.0.1', int(where[0]))
    else:
        from proxystore.connectors.endpoint import EndpointConnector

        connector = EndpointConnector([where[0]], proxystore_dir=where[1])
    return Store('shared', connector, register=True)


def say(thing):
    print(pickle.dumps(thing).hex(), flush=True)


def hear(text):
    return pickle.loads(bytes.fromhex(text))


def main(action, what, *rest):
    if action == 'read':
        print(repr(extract(hear(what))))
    elif action == 'blocked':
        thing = hear(what)
        factory = get_factory(thing) if type(thing) is Proxy else thing._factory
        if not factory.get_store().exists(factory.key):
            print('waiting', flush=True)
        print(repr(extract(thing) if type(thing) is Proxy else thing.result()))
    elif action == 'set':
        hear(what).set_result(eval(rest[0]))
    elif action == 'proxy':
        say(store(what).proxy(eval(rest[0]), populate_target=rest[1:] != ('lazy',)))
    elif action == 'promise':
        say(store(what).future(**POLLING))


if __name__ == '__main__':
    main(*sys.argv[1:])
