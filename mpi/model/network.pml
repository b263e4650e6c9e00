// A small object between nodes, checked by tests/model/check: mpi/src/network.cpp, network_move.cpp and directory.cpp.
// On one node its home and a neighbour; on another the ranks A, B and C, which share a mirror. Named as there. Letters
// keep their order for each pair of ranks. The home's slot is set, evicted, broken and used again step by step; what
// handoff.pml has checked is one step for a mirror.
//
// Holds: whoever waits without a deadline ends, and so does every look; what it sees is of the generation that it asked
// for, GONE only if it was evicted and BROKEN only if it was broken; after an evict has returned no look on its node
// finds the object; when all is quiet no copy of an evicted object is left.
//
// Nobody needs to ask again after a time, as the code does, for nothing is lost here; it may.
//
// mutation: NO_WATCH_RECHECK         watch() looks at the word before it leaves the watched bit
// mutation: TOLD_TOO_EARLY           a setter looks for the watched bit before it changes the word
// mutation: SETTLED_UNSENT           a neighbour that settles a watched slot does not tell the home
// mutation: EVICT_UNTOLD             evict() does not tell the home
// mutation: NAME_WITHOUT_GENERATION  the home shows whatever is in the slot
// mutation: NEIGHBOUR_TRUSTED        a waiter does not look whether the asker still moves
// mutation: ONE_ASKER                the home keeps one rank of a node that asks, the last
// mutation: DROP_WITH_VERDICT        a mirror dropped for room counts as evicted
// mutation: DROPPED_UNASKED          a fresh mirror keeps the asker of the former
// mutation: LATE_HOLDER_UNKNOWN      on_ask() does not count as holder who is told READY
// mutation: INVALIDATE_UNSENT        on_settled() does not tell the holders of an evict
// mutation: DROPPED_BEFORE_ANSWER    evict() drops the mirror of its node before the home has answered
// mutation: EVICTED_SHOWN            state_of() does not look for the evicted bit
// mutation: STATE_OF_BEFORE          a STATE fills another mirror than that which asked
// mutation: SETTER_FINDS_LATE        set() looks for the mirror that it fills when the home has answered
// mutation: LOOK_ASKS_ONCE           look() relies on its own letter though another rank has become the asker
// mutation: APPLY_UNASKED            apply() fills a mirror that nobody has asked for: no INVALIDATE will come

#define PENDING 1
#define READY 2
#define GONE 5
#define BROKEN 6
#define WORD(generation, phase) ((generation) << 3 | (phase))
#define GENERATION(word) ((word) >> 3)
#define PHASE(word) ((word) & 7)

#define claimed 1
#define evicted 2
#define broken 4
#define CLAIM(generation, bits) ((generation) << 3 | (bits))

mtype = { ASK, STATE, SET, SET_DONE, SETTLED, EVICT, EVICTED, INVALIDATE };

#define HOME 0
#define NEIGHBOUR 1
#define A 2
#define B 3
#define C 4
#define BIT(rank) (1 << (rank))

chan to_home[5] = [5] of { mtype, byte };                // a mirror
chan from_home[5] = [5] of { mtype, byte, byte, byte };  // a state, a value and a mirror

// The home's slot; values are generations. All letters name generation 1.
byte word = WORD(1, PENDING), claim = CLAIM(1, 0), payload;
bool watched, freed_slots;
byte settled_orders;           // of the home's own threads
byte waiting, holders;         // Watch: who asked on the other node; sets of ranks
byte asked_for[5];             // mirrors, by rank
byte winners;

// The mirrors of the other node.
#define MIRRORS 5
byte mirrors, directory;  // made so far; the one that is found, or 0
byte phase[MIRRORS], value[MIRRORS], asker[MIRRORS];
bool known[MIRRORS], verdict[MIRRORS];
bool driving[5];

byte running;
bool was_evicted, was_broken, evict_returned;

// ---- The home's node: handoff.cpp, Network::settled ----

// `by` has changed the word. The slot may have another life by now, which has another name.
inline tell(by) {
  if
  :: watched ->
#ifdef SETTLED_UNSENT
    if :: by == HOME && GENERATION(word) == 1 -> settled_orders++ :: else fi
#else
    if
    :: GENERATION(word) != 1
    :: GENERATION(word) == 1 && by == HOME -> settled_orders++
    :: GENERATION(word) == 1 && by != HOME -> to_home[by]!SETTLED(0)
    fi
#endif
  :: else
  fi
}

inline retire(by) {
  atomic { if :: word == WORD(1, READY) -> word = WORD(1, GONE); done = true :: else fi }
  if
  :: done -> tell(by); freed_slots = true
  :: else
  fi;
  done = false
}

inline publish(by) {
  atomic { if :: claim == CLAIM(1, 0) -> claim = claim | claimed; winners++; done = true :: else fi }
  if
  :: done ->
    done = false;
    assert(winners == 1);
    payload = 1;
#ifdef TOLD_TOO_EARLY
    if
    :: !watched -> word = WORD(1, READY)
    :: else -> word = WORD(1, READY); tell(by)
    fi;
#else
    word = WORD(1, READY);
    tell(by);
#endif
    if
    :: claim & evicted -> retire(by)
    :: else
    fi
  :: else
  fi
}

inline evict(by) {
  atomic {
    was_evicted = true;
    bits = claim;
    if :: GENERATION(bits) == 1 && !(bits & evicted) -> claim = claim | evicted :: else -> bits = evicted fi
  }
  if
  :: bits & evicted
  :: !(bits & evicted) && (bits & claimed) -> retire(by)
  :: !(bits & evicted) && !(bits & claimed) ->
    word = WORD(1, GONE);
#ifndef EVICT_UNTOLD
    tell(by);
#endif
    freed_slots = true
  fi;
  bits = 0
}

proctype setter(byte by) {
  bool done;
  publish(by);
  running--
}

proctype evictor(byte by) {
  byte bits;
  bool done;
  evict(by);
  running--
}

// Handoff::break_slot
proctype closer() {
  bool done;
  atomic {
    if :: claim == CLAIM(1, 0) -> claim = claim | broken; was_broken = true; done = true :: else fi
  }
  if
  :: done ->
    atomic { done = word == WORD(1, PENDING); if :: done -> word = WORD(1, BROKEN) :: else fi }
    if :: done -> tell(HOME) :: else fi
  :: else
  fi;
  running--
}

// Arena::new_slot, and the object of the slot's second life.
proctype owner() {
end_never_used_again:
  freed_slots;
  claim = CLAIM(2, 0);
  watched = false;
  word = WORD(2, PENDING);
  payload = 2;
  word = WORD(2, READY)
}

// ---- The home, inside move(): network_move.cpp ----

#ifdef EVICTED_SHOWN
#define HIDDEN false
#else
#define HIDDEN (claim & evicted)
#endif
#ifdef NAME_WITHOUT_GENERATION
#define STATE_OF(word) PHASE(word)
#else
#define STATE_OF(word) (GENERATION(word) == 1 && !(PHASE(word) == READY && HIDDEN) -> PHASE(word) : GONE)
#endif

inline snapshot() {
  do
  :: state = STATE_OF(word);
    if
    :: state == READY ->
      what = payload;
      if :: STATE_OF(word) == READY -> break :: else fi
    :: else -> break
    fi
  od
}

#ifdef ONE_ASKER
#define ADD_WAITING(from) waiting = BIT(from)
#else
#define ADD_WAITING(from) waiting = waiting | BIT(from)
#endif

inline on_ask(from) {
  asked_for[from] = object;
#ifdef NO_WATCH_RECHECK
  state = STATE_OF(word);
  watched = true;
#else
  watched = true;
  state = STATE_OF(word);
#endif
  if
  :: state == PENDING -> atomic { ADD_WAITING(from); from_home[from]!STATE(PENDING, 0, object) }
  :: else ->
    snapshot();
    atomic {
#ifndef LATE_HOLDER_UNKNOWN
      if :: state == READY -> holders = holders | BIT(from) :: else fi;
#endif
      from_home[from]!STATE(state, what, object)
    }
  fi;
  atomic { state = 0; what = 0 }
}

inline tell_one(rank, set, kind, now, object) {
  if :: set & BIT(rank) -> from_home[rank]!kind(now, object, asked_for[rank]) :: else fi
}

inline on_settled() {
  if
  :: waiting == 0 && holders == 0
  :: waiting != 0 || holders != 0 ->
    snapshot();
    if
    :: state == PENDING
    :: else ->
      atomic {
        tell_one(A, waiting, STATE, state, what);
        tell_one(B, waiting, STATE, state, what);
        if
        :: state == READY -> holders = holders | waiting
        :: else ->
#ifndef INVALIDATE_UNSENT
          tell_one(A, holders, INVALIDATE, 0, 0);
          tell_one(B, holders, INVALIDATE, 0, 0);
#endif
          holders = 0
        fi;
        waiting = 0
      }
    fi
  fi;
  atomic { state = 0; what = 0 }
}

proctype home() {
  byte state, what, bits, object;
  bool done;
end_idle:
  do
  :: atomic { settled_orders > 0 -> settled_orders-- } on_settled()
  :: to_home[NEIGHBOUR]?SETTLED(_) -> on_settled()
  :: to_home[A]?ASK(object) -> on_ask(A)
  :: to_home[B]?ASK(object) -> on_ask(B)
  :: to_home[C]?SET(_) -> publish(HOME); from_home[C]!SET_DONE(0, 0, 0)
  :: to_home[C]?EVICT(_) -> evict(HOME); from_home[C]!EVICTED(0, 0, 0)
  od
}

// ---- The other node ----

#define MOVES(rank) ((rank) != 0 && driving[rank])

// Directory::remove, then Handoff::evict of the mirror
inline remove(mirror) {
  atomic { removed = directory == mirror; if :: removed -> directory = 0 :: else fi }
  if :: removed -> phase[mirror] = GONE :: else fi;
  removed = false
}

inline drop_mirror() {
  if
  :: at != 0 -> verdict[at] = true; remove(at)
  :: else
  fi
}

#ifdef APPLY_UNASKED
#define ASKED(mirror) true
#else
#define ASKED(mirror) (asker[mirror] != 0)
#endif

// Network::apply, of READY and BROKEN
inline apply(now, object) {
  atomic {
    if
    :: at != 0 && phase[at] == PENDING && ASKED(at) -> phase[at] = now; value[at] = object
    :: else
    fi
  }
}

#ifdef STATE_OF_BEFORE
#define FOR(mirror) true
#else
#define FOR(mirror) (named == mirror)
#endif

// Network::handle of rank `me`: Directory::find comes first in all.
inline letter(me) {
  atomic { from_home[me]?kind(now, object, named); at = directory }
  if
  :: kind == STATE && now == PENDING ->
    atomic { if :: at != 0 && asker[at] == me -> known[at] = true :: else fi }
  :: kind == STATE && now == READY -> assert(object == 1); if :: FOR(at) -> apply(READY, 1) :: else fi
  :: kind == STATE && now == BROKEN -> apply(BROKEN, 0)
  :: kind == INVALIDATE || now == GONE -> drop_mirror()
  fi;
  atomic { kind = 0; now = 0; object = 0; named = 0; at = 0 }
}

inline ask(me) {
  known[mirror] = false;
  asker[mirror] = me;
  to_home[me]!ASK(mirror)
}

#ifdef NEIGHBOUR_TRUSTED
#define LEFT_ALONE(mirror) (asker[mirror] == 0)
#else
#define LEFT_ALONE(mirror) (asker[mirror] != me && !MOVES(asker[mirror]))
#endif

// Network::await
inline await(me) {
  driving[me] = true;
  do
  :: phase[mirror] != PENDING -> break
  :: phase[mirror] == PENDING && LEFT_ALONE(mirror) -> ask(me)
  :: nempty(from_home[me]) -> letter(me)
  :: phase[mirror] == PENDING && asker[mirror] == me && again > 0 -> again--; ask(me)
  :: may_leave && phase[mirror] == PENDING -> left = true; break
  od;
  driving[me] = false
}

// Network::look
inline look(me) {
  if
  :: phase[mirror] != PENDING
  :: phase[mirror] == PENDING && known[mirror] && (asker[mirror] == me || MOVES(asker[mirror])) ->
    if
    :: nempty(from_home[me]) -> letter(me)
    :: empty(from_home[me])
    fi;
    left = phase[mirror] == PENDING
  :: phase[mirror] == PENDING && !(known[mirror] && (asker[mirror] == me || MOVES(asker[mirror]))) ->
    ask(me);
    driving[me] = true;
    do
    :: phase[mirror] != PENDING -> break
    :: phase[mirror] == PENDING && known[mirror] -> left = true; break
#ifndef LOOK_ASKS_ONCE
    :: phase[mirror] == PENDING && !known[mirror] && LEFT_ALONE(mirror) -> ask(me)
#endif
    :: nempty(from_home[me]) -> letter(me)
    od;
    driving[me] = false
  fi
}

// RmaConnector::visit_far with await or look. Who may leave has a deadline.
proctype consumer(byte me; bool may_leave, looks; byte again, visits) {
  mtype kind;
  byte mirror, at, now, object, named;
  bool left, removed, found_again;
  do
  :: atomic {  // Directory::mirror, under its lock
      if
      :: directory == 0 ->
        mirrors++;
        assert(mirrors < MIRRORS);
        directory = mirrors;
        phase[directory] = PENDING;
#ifdef DROPPED_UNASKED
        asker[directory] = asker[directory - 1]
#endif
      :: else
      fi;
      mirror = directory;
      found_again = evict_returned
    }
    if
    :: looks -> look(me)
    :: else -> await(me)
    fi;
    if
    :: left -> visits--
    :: !left && phase[mirror] == READY -> assert(value[mirror] == 1 && !found_again); visits--
    :: !left && phase[mirror] == BROKEN -> assert(was_broken); visits--
    :: !left && phase[mirror] == GONE && verdict[mirror] -> assert(was_evicted); visits--
    :: !left && phase[mirror] == GONE && !verdict[mirror]
    fi;
    if :: visits == 0 -> break :: visits != 0 -> left = false fi
  od;
  atomic { mirror = 0; running-- }
end_moves_again:
  do
  :: running == 0 && nempty(from_home[me]) -> letter(me)
  od
}

// Network::set, for an object that is small
proctype far_setter() {
  byte at;
#ifndef SETTER_FINDS_LATE
  at = directory;
#endif
  to_home[C]!SET(0);
  from_home[C]?SET_DONE(_, _, _);
#ifdef SETTER_FINDS_LATE
  at = directory;
#endif
  if
  :: winners == 1 -> apply(READY, 1)
  :: else
  fi;
  running--
}

// Network::evict
proctype far_evictor() {
  byte at;
  bool removed;
  was_evicted = true;
#ifdef DROPPED_BEFORE_ANSWER
  at = directory;
  drop_mirror();
#endif
  to_home[C]!EVICT(0);
  from_home[C]?EVICTED(_, _, _);
#ifndef DROPPED_BEFORE_ANSWER
  at = directory;
  drop_mirror();
#endif
  atomic { evict_returned = true; running-- }
}

// Network::drop_cached
proctype dropper() {
  byte at;
  bool removed;
end_nothing_to_drop:
  atomic { directory != 0 && phase[directory] == READY -> at = directory }
#ifdef DROP_WITH_VERDICT
  verdict[at] = true;
#endif
  remove(at)
}

#define waiter(rank) consumer(rank, false, false, 0, 1)
#define second_waiter(rank) consumer(rank, false, false, 0, 2)
#define hasty_waiter(rank) consumer(rank, false, false, 1, 1)
#define leaver(rank) consumer(rank, true, false, 0, 1)
#define looker(rank) consumer(rank, false, true, 0, 1)
#define second_looker(rank) consumer(rank, false, true, 0, 2)

init {
  atomic {
    run home();
    if
    :: running = 2; run leaver(A); run looker(B)
    :: running = 2; run setter(NEIGHBOUR); run second_waiter(A)
    :: running = 2; run setter(HOME); run second_waiter(A)
    :: running = 2; run evictor(NEIGHBOUR); run second_waiter(A)
    :: running = 2; run setter(NEIGHBOUR); run dropper(); run second_waiter(A)
    :: running = 3; run setter(NEIGHBOUR); run closer(); run second_waiter(A)
    :: running = 3; run setter(NEIGHBOUR); run evictor(HOME); run owner(); run second_waiter(A)
    :: running = 3; run setter(HOME); run evictor(NEIGHBOUR); run owner(); run second_waiter(A)
    :: running = 3; run setter(NEIGHBOUR); run far_evictor(); run second_waiter(A)
    :: running = 3; run setter(NEIGHBOUR); run far_evictor(); run second_looker(A)
    :: running = 3; run far_setter(); run far_evictor(); run second_looker(A)
    :: running = 3; run far_setter(); run evictor(NEIGHBOUR); run second_waiter(A)
    :: running = 3; run setter(NEIGHBOUR); run leaver(A); run waiter(B)
    :: running = 3; run setter(NEIGHBOUR); run leaver(A); run looker(B)
    :: running = 3; run setter(HOME); run looker(A); run waiter(B)
    :: running = 3; run closer(); run waiter(A); run hasty_waiter(B)
    :: running = 3; run evictor(HOME); run looker(A); run waiter(B)
    :: running = 2; payload = 1; claim = CLAIM(1, claimed); word = WORD(1, READY);
       run dropper(); run waiter(A); run waiter(B)
    fi
  }
  running == 0 && timeout;
  assert(settled_orders == 0);
  assert(!was_evicted || directory == 0 || phase[directory] != READY)
}
