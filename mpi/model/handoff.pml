// The hand-off on one node, checked by tests/model/check: mpi/src/handoff.cpp over one slot (slot.hpp) that is used
// again (arena.cpp). States, bits and functions are named as there. Every statement is one access to shared memory,
// and all see them in one order: what weaker memory does is not in here.
//
// Holds: every waiter ends; one setter wins; a view shows the object of the life that was asked for, in memory that is
// not given back meanwhile, and none is begun after an evict has returned; a slot and each block are given back once,
// and after an evict they are.
//
// mutation: LOST_WAKEUP               a setter looks at sleepers before it changes the word
// mutation: SLEEP_UNCOUNTED           a waiter counts itself after its last look
// mutation: SLEEP_UNCONDITIONALLY     the futex does not compare the word
// mutation: CLAIM_WITHOUT_EXCHANGE    claim() looks and then stores
// mutation: REUSE_WITHOUT_GENERATION  new_slot() keeps the generation
// mutation: VIEW_WITHOUT_LOOK         view() does not look again after it has taken a reference
// mutation: VIEW_OF_NOTHING           view() takes a reference where there is none left
// mutation: COPY_WITHOUT_LOOK         view() does not look again after it has copied a small object
// mutation: RETIRE_WITHOUT_EXCHANGE   retire() looks and then stores
// mutation: EVICTED_SHOWN             view() does not look for the evicted bit
// mutation: EVICT_UNSEEN              announce() does not look for the evicted bit
// mutation: BREAK_WITHOUT_CLAIM       break_slot() does not turn the claim
// mutation: EVICT_UNTOLD              evict() does not wake who sleeps

#define PENDING 1
#define READY 2
#define GONE 5
#define BROKEN 6
#define WORD(generation, phase) ((generation) << 3 | (phase))

#define claimed 1
#define evicted 2
#define broken 4
#define CLAIM(generation, bits) ((generation) << 3 | (bits))
#define BITS(claim) ((claim) & 7)

#ifdef REUSE_WITHOUT_GENERATION
#define GENERATION(life) 1
#else
#define GENERATION(life) (life)
#endif

#define SMALL 1
#define LARGE 2
#define A_SMALL_ONE(life) (8 + (life))  // the object in the slot; otherwise the number of a block

// The slot.
byte word, claim, refs, sleepers, size, payload[2];
bool freed_slots;  // it is in the list

// What is checked, and the kernel.
byte lives;          // how many the slot has had
bool given_back[4];  // blocks, by their setter
byte made_for[4];    // the life of the object in a block
byte winners[3];     // by life
bool asleep[2];      // in the futex, by waiter
bool was_broken, was_evicted;
byte running;

inline futex_wake_all() { d_step { asleep[0] = false; asleep[1] = false } }

inline tell() {
  if
  :: sleepers != 0 -> futex_wake_all()
  :: else
  fi
}

inline give_back_block(block) {
  d_step { assert(!given_back[block]); given_back[block] = true }
}

inline drop_reference() {
  d_step { assert(refs > 0); refs--; last = refs == 0 }
  if
  :: last ->
    if
    :: size == LARGE -> give_back_block(payload[0])
    :: else
    fi;
    d_step { last = false; assert(!freed_slots); freed_slots = true }
  :: else
  fi
}

// Handoff::retire
inline retire(life) {
  seen = word;
  do
  :: seen != WORD(GENERATION(life), READY) -> break
  :: else ->
#ifdef RETIRE_WITHOUT_EXCHANGE
    word = WORD(GENERATION(life), GONE); done = true;
#else
    d_step { done = word == seen; if :: done -> word = WORD(GENERATION(life), GONE) :: else fi; seen = word }
#endif
    if
    :: done -> tell(); drop_reference(); break
    :: else
    fi
  od;
  atomic { seen = 0; done = false }
}

// Handoff::claim
inline claim_slot(life) {
#ifdef CLAIM_WITHOUT_EXCHANGE
  done = claim == CLAIM(GENERATION(life), 0);
  if :: done -> claim = CLAIM(GENERATION(life), claimed) :: else fi
#else
  d_step {
    done = claim == CLAIM(GENERATION(life), 0);
    if :: done -> claim = claim | claimed :: else fi
  }
#endif
}

// Handoff::announce
inline announce(life) {
#ifdef LOST_WAKEUP
  done = sleepers != 0;
  word = WORD(GENERATION(life), READY);
  if :: done -> futex_wake_all() :: else fi;
#else
  word = WORD(GENERATION(life), READY);
  tell();
#endif
#ifndef EVICT_UNSEEN
  if
  :: claim & evicted -> retire(life)
  :: else
  fi
#endif
}

// Handoff::publish_inline, publish_block: the setter's number is that of its block.
inline publish(me, life) {
  atomic { if :: kind = SMALL :: kind = LARGE; made_for[me] = life fi }
  claim_slot(life);
  if
  :: done ->
    d_step { done = false; winners[life]++; assert(winners[life] == 1) }
    payload[0] = (kind == SMALL -> A_SMALL_ONE(life) : me);
    payload[1] = (kind == SMALL -> A_SMALL_ONE(life) : me);
    size = kind;
    announce(life)
  :: else ->
    if :: kind == LARGE -> give_back_block(me) :: else fi
  fi;
  kind = 0
}

// Handoff::evict
inline evict(life) {
  d_step {
    seen = claim;
    done = seen >> 3 == GENERATION(life) && !(seen & evicted);
    if :: done -> claim = claim | evicted :: else fi
  }
  if
  :: done && (seen & claimed) -> d_step { done = false; seen = 0 } retire(life)
  :: done && !(seen & claimed) ->
    d_step { done = false; seen = 0 }
    word = WORD(GENERATION(life), GONE);
#ifndef EVICT_UNTOLD
    tell();
#endif
    drop_reference()
  :: else -> d_step { done = false; seen = 0 }
  fi
}

// Handoff::view, and unview
#ifdef EVICTED_SHOWN
#define HIDDEN false
#else
#define HIDDEN (claim & evicted)
#endif

inline view(life) {
  if
  :: word != WORD(GENERATION(life), READY)
  :: word == WORD(GENERATION(life), READY) && HIDDEN
  :: else ->
    if
    :: size != LARGE ->
      first = payload[0];
      second = payload[1];
      if
#ifdef COPY_WITHOUT_LOOK
      :: true ->
#else
      :: word == WORD(GENERATION(life), READY) ->
#endif
        assert(first == A_SMALL_ONE(life) && second == first && !after)
      :: else
      fi
    :: else ->
#ifdef VIEW_OF_NOTHING
      d_step { refs++; done = true }
#else
      d_step { done = refs != 0; if :: done -> refs++ :: else fi }
#endif
      if
      :: done ->
        if
#ifdef VIEW_WITHOUT_LOOK
        :: true ->
#else
        :: word == WORD(GENERATION(life), READY) ->
#endif
          first = payload[0];
          assert(first < 4 && made_for[first] == life && !after);
          assert(!given_back[first])
        :: else
        fi;
        drop_reference()
      :: else
      fi
    fi
  fi;
  atomic { first = 0; second = 0; done = false }
}

proctype setter(byte me, life) {
  byte kind, seen;
  bool done, last;
  publish(me, life);
  running--
}

// Handoff::sleep, then a view of what it has waited for. One who may leave has a deadline.
proctype waiter(byte me, life; bool may_leave) {
  byte first, second;
  bool done, last, after;
  after = was_evicted;
#ifdef SLEEP_UNCOUNTED
  if :: word != WORD(GENERATION(life), PENDING) -> goto settled :: else fi;
#endif
  sleepers++;
  do
#ifndef SLEEP_UNCOUNTED
  :: word != WORD(GENERATION(life), PENDING) -> break
#endif
  :: may_leave -> break
  :: word == WORD(GENERATION(life), PENDING) ->
#ifdef SLEEP_UNCONDITIONALLY
    asleep[me] = true;
#else
    d_step { if :: word == WORD(GENERATION(life), PENDING) -> asleep[me] = true :: else fi }
#endif
    if
    :: !asleep[me]
    :: may_leave -> asleep[me] = false
    fi;
#ifdef SLEEP_UNCOUNTED
    break
#endif
  od;
  sleepers--;
settled:
  view(life);
  running--
}

proctype evictor(byte life) {
  byte seen;
  bool done, last;
  evict(life);
  was_evicted = true;
  running--
}

// Handoff::break_slot, for a rank that closes
proctype closer(byte life) {
  bool done;
#ifdef BREAK_WITHOUT_CLAIM
  done = true;
#else
  d_step {
    done = claim == CLAIM(GENERATION(life), 0);
    if :: done -> claim = claim | broken :: else fi
  }
#endif
  if
  :: done ->
    d_step {
      done = word == WORD(GENERATION(life), PENDING);
      if
      :: done -> assert(winners[life] == 0); word = WORD(GENERATION(life), BROKEN); was_broken = true
      :: else
      fi
    }
    if :: done -> tell() :: else fi
  :: else
  fi;
  running--
}

// Arena::new_slot
inline new_slot() {
  atomic { freed_slots -> freed_slots = false; lives++ }
  size = 0;
  claim = CLAIM(GENERATION(lives), 0);
  refs = 1;
  word = WORD(GENERATION(lives), PENDING)
}

// The owner of the slot begins its second life while handles of the first are still about.
proctype owner() {
end_never_used_again:
  new_slot();
  atomic { running = running + 2; run setter(3, 2); run evictor(2) }
}

init {
  atomic {
    d_step { freed_slots = false; lives = 1; refs = 1; claim = CLAIM(1, 0); word = WORD(1, PENDING) }
    if
    :: running = 4; run setter(0, 1); run setter(1, 1); run waiter(0, 1, false); run waiter(1, 1, true)
    :: running = 4; run setter(0, 1); run closer(1); run waiter(0, 1, false); run waiter(1, 1, true)
    :: running = 3; run setter(0, 1); run evictor(1); run waiter(0, 1, false); run owner()
    :: running = 4; run setter(0, 1); run setter(1, 1); run evictor(1); run waiter(0, 1, false)
    :: running = 4; run setter(0, 1); run evictor(1); run waiter(0, 1, false); run waiter(1, 1, false)
    :: running = 3; run setter(0, 1); run evictor(1); run closer(1); run owner()
    :: running = 3; run setter(0, 1); run setter(1, 1); run evictor(1); run owner()
    :: running = 3; run evictor(1); run closer(1); run waiter(0, 1, true)
    :: running = 3; run evictor(1); run evictor(1); run waiter(0, 1, false); run owner()
    :: running = 2; run closer(1); run waiter(0, 1, false)
    fi
  }
  running == 0 && timeout;
  assert(sleepers == 0);
  assert(was_evicted || was_broken || winners[1] == 1);
  assert(!(was_broken && winners[1] == 1));
  assert(!was_evicted || lives == 2 || freed_slots);
  assert(lives != 2 || freed_slots);
  assert(!was_evicted || refs == 0)
}
