"""Writes the recorded bytes that tests/lib and tests/fuzz read: objects and references as Python makes them.

usage: record.py tests/fuzz/corpus     with Python ProxyStore 1.0 (here: 1.0.0, NumPy 1.24, Python 3.11)

corpus/pickle/NAME  an object in a store, made by ProxyStore's serializer
corpus/python/NAME  a pickled Proxy or Future
"""

import pathlib
import pickle
import sys

import numpy
from proxystore.connectors.endpoint import EndpointConnector, EndpointKey
from proxystore.connectors.file import FileConnector, FileKey
from proxystore.connectors.local import LocalConnector, LocalKey
from proxystore.connectors.redis import RedisConnector, RedisKey
from proxystore.proxy import Proxy
from proxystore.serialize import serialize
from proxystore.store.config import ConnectorConfig, StoreConfig
from proxystore.store.factory import PollingStoreFactory, StoreFactory
from proxystore.store.future import Future

UUID = '6a9c4a1b-2f0e-4c3d-9b7a-0123456789ab'
SITE = '938362c5-256a-407c-9220-a925d7eac241'
shared = ['shared']
endless = []
endless.append(endless)

OBJECTS = {
    'none': None,
    'bools': [True, False],
    'ints': [0, 255, 256, 65535, 65536, -1, -129, 2**31, 2**63 - 1, -(2**63)],
    'too_large': 2**63,
    'floats': [0.0, -2.5, 1e300, float('inf')],
    'text': 'plain',
    'texts': ['', 'grün', 'x' * 300],
    'bytes': b'raw',
    'many_bytes': [b'', b'\x00\xff', b'y' * 300, bytearray(b'array')],
    'containers': {'list': [1, [2, []]], 'tuple': ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)), 3: {'set': {7}}},
    'shared': [shared, shared, (shared,)],
    'endless': endless,
    'array': numpy.arange(6, dtype='<f8').reshape(2, 3),
    'arrays': {
        'double': numpy.arange(3) * 0.5,
        'big': numpy.array([1, -2], dtype='>i4'),
        'fortran': numpy.asfortranarray(numpy.arange(6, dtype='<i2').reshape(2, 3)),
        'strided': numpy.arange(10, dtype='<u8')[::3],
        'readonly': numpy.frombuffer(b'\x01\x00', dtype='?'),
        'complex': numpy.array([[1 + 2j]], dtype='<c8'),
        'zero': numpy.array(4.0),
        'empty': numpy.zeros((0, 3)),
    },
    'scalars': [numpy.float64(0.5), numpy.int32(-3), numpy.bool_(True), numpy.float32(0.25), numpy.uint8(200)],
    'object_array': [numpy.array([[1], 'x'], dtype=object)],
    'frozen': frozenset({1}),
    'complex': 1j,
    'path': pathlib.PurePosixPath('/tmp/x'),
    'function': print,
}


def config(connector, **options):
    kind = f'{connector.__module__}.{connector.__name__}'
    return StoreConfig(name='recorded', connector=ConnectorConfig(kind=kind, options=options), auto_register=True)


REDIS = config(RedisConnector, hostname='localhost', port=6379, clear=False)
FILE = config(FileConnector, store_dir='/scratch/run7', clear=True, buffering=-1)
SITES = config(EndpointConnector, endpoints=[SITE], proxystore_dir=None)
LOCAL = config(LocalConnector)
SHORT = StoreConfig(name='recorded', connector=ConnectorConfig(kind='redis', options={'hostname': '::1', 'port': 1}))
RESOLVED = Proxy(StoreFactory(RedisKey(UUID), REDIS), cache_defaults=True, target={'unhashable': 1})

REFERENCES = {
    'redis_proxy': Proxy(StoreFactory(RedisKey(UUID), REDIS, evict=True)),
    'redis_resolved': RESOLVED,
    'redis_short': Proxy(StoreFactory(RedisKey(UUID), SHORT)),
    'redis_future': Future(PollingStoreFactory(RedisKey(UUID), REDIS, polling_interval=0.5)),
    'file_future': Future(PollingStoreFactory(FileKey(UUID), FILE, evict=True)),
    'file_future_proxy': Future(PollingStoreFactory(FileKey(UUID), FILE)).proxy(),
    'endpoint_proxy': Proxy(StoreFactory(EndpointKey(UUID, SITE), SITES)),
    'local_proxy': Proxy(StoreFactory(LocalKey(UUID), LOCAL)),
    'deserializer': Proxy(StoreFactory(RedisKey(UUID), REDIS, deserializer=bytes)),
    'serializer': Future(PollingStoreFactory(RedisKey(UUID), REDIS), serializer=bytes),
    'wrong_key': Proxy(StoreFactory(FileKey(UUID), REDIS)),
    'lambda_like': Proxy(print),
    'dict': {'no': 'proxy'},
}


def main(corpus):
    for folder, things, encode in (('pickle', OBJECTS, serialize), ('python', REFERENCES, pickle.dumps)):
        for name, thing in things.items():
            (pathlib.Path(corpus) / folder / name).write_bytes(encode(thing))


if __name__ == '__main__':
    main(sys.argv[1])
