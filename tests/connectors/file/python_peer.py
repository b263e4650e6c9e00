"""Python ProxyStore and a C++ peer in one directory, in both directions.

usage: python_peer.py PEER     exit status 77: there is no ProxyStore here
$PROXYSTORE_PYTHON names a Python that has it, if that is not python3.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import threading

if other := os.environ.pop("PROXYSTORE_PYTHON", None):
    os.execvp(other, [other, *sys.argv])

try:
    from proxystore.connectors.file import FileConnector, FileKey
    from proxystore.proxy import Proxy, resolve
    from proxystore.store import Store
    from proxystore.store.factory import PollingStoreFactory
except ImportError as error:
    print(f"skipped: {sys.executable} has no Python ProxyStore ({error})")
    sys.exit(77)


class Peer:
    def __init__(self, program, directory):
        self.process = subprocess.Popen(
            [program, directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self.hear() == "ready"

    def tell(self, *words):
        print(*words, file=self.process.stdin, flush=True)

    def hear(self):
        return self.process.stdout.readline().strip()

    def ask(self, *words):
        self.tell(*words)
        return self.hear()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def objects_both_ways(store, peer):
    key = store.put("written-by-Python")
    assert peer.ask("exists", key.filename) == "yes"
    assert peer.ask("get_text", key.filename) == "written-by-Python"

    key = FileKey(peer.ask("put_text", "-", "written-by-C++"))
    assert store.exists(key)
    assert store.get(key) == "written-by-C++"


def evictions_both_ways(store, peer):
    key = store.put("of-Python")
    peer.ask("evict", key.filename)
    assert not store.exists(key)

    key = peer.ask("put_text", "-", "of-C++")
    store.evict(FileKey(key))
    assert peer.ask("exists", key) == "no"
    assert peer.ask("get_text", key) == "absent"


def python_waits_for_cpp(store, peer):
    future = store.future(polling_interval=0.01, polling_timeout=30)
    proxy = future.proxy()
    thread = threading.Thread(target=resolve, args=(proxy,))
    thread.start()
    assert not future.done()
    assert peer.ask("set_text", future._factory.key.filename, "set-by-C++") == "done"
    thread.join()
    assert proxy == "set-by-C++"
    assert future.result() == "set-by-C++"


def python_waits_for_a_key_of_cpp(store, peer):
    key = FileKey(peer.ask("new_key"))
    proxy = Proxy(PollingStoreFactory(key, store.config(), polling_interval=0.01, polling_timeout=30))
    assert peer.ask("set_text", key.filename, "set-by-its-maker") == "done"
    assert proxy == "set-by-its-maker"


def cpp_waits_for_python(store, peer):
    future = store.future()
    key = future._factory.key.filename
    peer.tell("wait", key)
    assert peer.hear() == "waiting"
    future.set_result("set-by-Python")
    assert peer.hear() == "ready"
    assert peer.ask("get_text", key) == "set-by-Python"
    assert peer.ask("set_text", key, "too-late") == "already_set"
    assert store.get(FileKey(key)) == "set-by-Python"


def python_cannot_set_what_cpp_evicted(store, peer):
    key = FileKey(peer.ask("new_key"))
    peer.ask("evict", key.filename)
    try:
        store._set(key, "too-late")
        raise AssertionError("Python has set an evicted key")
    except OSError:
        assert not store.exists(key)
        assert peer.ask("wait", key.filename) == "gone"


def main(program):
    with tempfile.TemporaryDirectory() as scratch:
        directory = str(pathlib.Path(scratch) / "objects")
        store = Store("python", FileConnector(directory, clear=False), cache_size=0, register=True)
        peer = Peer(program, directory)
        for check in (
            objects_both_ways,
            evictions_both_ways,
            python_waits_for_cpp,
            python_waits_for_a_key_of_cpp,
            cpp_waits_for_python,
            python_cannot_set_what_cpp_evicted,
        ):
            check(store, peer)
            print("passed:", check.__name__)
        peer.end()
        store.close()


main(sys.argv[1])
