"""The other half of 10_python_peer.cpp: takes a proxy and a future of it, and sets the future."""

import pickle
import sys

with open(sys.argv[1], 'rb') as file:
    order, answer = (pickle.loads(part) for part in pickle.load(file))

print(order['name'], order['strain'].shape)  # resolves: waits until there is an object
answer.set_result({'of': order['name'], 'steps': 500})
