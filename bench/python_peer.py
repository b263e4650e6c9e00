"""Python ProxyStore's side of bench_python. A command a line, an answer a line; times are of this process's own clock.

open file DIRECTORY | open redis PORT
put SIZE TIMES     seconds; the keys are kept
get | resolve      seconds, for all keys that are kept
evict
future INTERVAL    a future that is looked for so often, as hexadecimal digits of its pickle; it is kept
result             when it was there: seconds of the clock that all processes of the machine share
set SIZE FUTURE    just before it was set
"""

import pickle
import sys
import time

from proxystore.proxy import resolve
from proxystore.store import Store


class Peer:
    def open(self, kind, where):
        if kind == 'file':
            from proxystore.connectors.file import FileConnector

            connector = FileConnector(where, clear=False)
        else:
            from proxystore.connectors.redis import RedisConnector

            connector = RedisConnector('127.0.0.1', int(where))
        self.store = Store(kind, connector, cache_size=0, register=True)
        self.keys = []

    def put(self, size, times):
        thing = bytes(int(size))
        start = time.perf_counter()
        self.keys = [self.store.put(thing) for _ in range(int(times))]
        return time.perf_counter() - start

    def get(self):
        start = time.perf_counter()
        for key in self.keys:
            self.store.get(key)
        return time.perf_counter() - start

    def resolve(self):
        proxies = [self.store.proxy_from_key(key) for key in self.keys]
        start = time.perf_counter()
        for proxy in proxies:
            resolve(proxy)
        return time.perf_counter() - start

    def evict(self):
        for key in self.keys:
            self.store.evict(key)

    def future(self, interval):
        self.awaited = self.store.future(polling_interval=float(interval), evict=True)
        return pickle.dumps(self.awaited).hex()

    def result(self):
        self.awaited.result()
        return time.monotonic()

    def set(self, size, future):
        future = pickle.loads(bytes.fromhex(future))
        thing = bytes(int(size))
        start = time.monotonic()
        future.set_result(thing)
        return start


if __name__ == '__main__':
    peer = Peer()
    for line in sys.stdin:
        command, *arguments = line.split()
        print(getattr(peer, command)(*arguments), flush=True)
