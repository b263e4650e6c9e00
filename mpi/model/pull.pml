// Bytes of a large object on their way, checked by tests/model/check: Network::fetch of mpi/src/network.cpp and
// "Bodies" of network_move.cpp, named as there. The object lies at its HOME. X and Y share a mirror, which says so;
// the mirror of D, on a third node, says that X has the bytes, for X has passed the STATE on. X may stop moving for a
// while, the object may be evicted, and X's node may drop its mirror for room. X may want a part of the object as well
// (network_parts.cpp), large or small, which no mirror knows of.
//
// Holds: whoever fetches ends; no pull stays under way, which close() would wait for; a block is given back once, and
// none is forgotten; no pull lacks its mirror; a mirror that was dropped stays GONE; a part that is sent from where it
// lies lies there until it has come.
//
// mutation: ARRIVE_WITHOUT_EXCHANGE  bring_here() looks and then stores
// mutation: PULL_UNREFUSED           who cannot send the bytes does not say so
// mutation: PULLER_KEPT              finish() leaves its rank in puller
// mutation: BLOCK_KEPT               finish() keeps the block of bytes that are not wanted any more
// mutation: FAILURE_UNTOLD           on_pull_failed() does not tell the ranks that want the bytes from here
// mutation: RELAYS_FORGOTTEN         finish() tells them nothing if a neighbour was faster, or the mirror is gone
// mutation: PART_UNREFUSED           on_pull_part() does not say that it has not the part
// mutation: PART_BY_NAME             on_pull_failed() takes the failure of a part for that of the pull of its object
// mutation: PART_UNVIEWED            on_pull_part() sends a row without holding a view of it
// mutation: PART_KEPT                finish() and on_pull_failed() leave the part in parts_
// mutation: PIN_BY_NAME              fetch() and on_pull() look for the mirror by name again to pin it for the pull

#define READY 2
#define ELSEWHERE 3
#define ARRIVING 4
#define GONE 5

#define HOME 0
#define X 1
#define Y 2
#define D 3

mtype = { PULL, PULL_FAILED, INVALIDATE, PULL_PART, PART, PART_FAILED };  // PART_FAILED: PULL_FAILED of another tag
mtype:stage = { none, ordered, under_way };

chan from_home[4] = [3] of { mtype };
chan to_home[3] = [2] of { mtype };
chan from_x = [3] of { mtype };  // to D
chan to_x = [2] of { mtype };    // from D
bool body[4];                    // under way to a rank, a message of its own
bool row;                        // one of a part, to X

byte word = READY;    // at the home
bool settled_orders;  // there
bool viewed, freed;   // by the row that is sent; its memory is used again

// The mirrors: 0 is that of X and Y, 1 that of D.
#define MIRROR(rank) ((rank) == D -> 1 : 0)
byte phase[2] = ELSEWHERE;
byte puller[2];
bool directory[2] = true;  // it is found

// The ranks.
mtype:stage pull[4] = none;  // in Network::pulls_
bool block[4], finished[4];  // of the pull
bool driving[4] = true;
bool relays, holders;  // of X: D wants what X pulls, and D has asked for the bytes
bool room;

mtype:stage part = none;  // in Network::parts_, of X
bool part_finished;

byte blocks;  // with bytes of the object
byte running;

inline free_block() {
  d_step { assert(blocks > 0); blocks-- }
}

// ---- At the home ----

inline serve(rank) {
  if
  :: word == READY -> body[rank] = true
  :: word != READY -> refuse(from_home[rank])
  fi
}

inline refuse(to) {
#ifdef PULL_UNREFUSED
  skip
#else
  to!PULL_FAILED
#endif
}

// Network::on_pull_part: small ones go inside the letter
inline serve_part() {
  if
  :: atomic { word == READY -> row = true;
#ifndef PART_UNVIEWED
    viewed = true
#endif
    }
  :: word == READY -> from_home[X]!PART
  :: word != READY ->
#ifdef PART_UNREFUSED
    skip
#else
    from_home[X]!PART_FAILED
#endif
  fi
}

// Those to whom the STATE was sent, and those that asked for the bytes, are told of an evict.
proctype home() {
  bool y_holds;
end_idle:
  do
  :: to_home[X]?PULL -> serve(X)
  :: to_home[Y]?PULL -> y_holds = true; serve(Y)
  :: to_home[X]?PULL_PART -> serve_part()
  :: atomic {
      settled_orders -> settled_orders = false;
      from_home[X]!INVALIDATE;
      from_home[D]!INVALIDATE;
      if :: y_holds -> from_home[Y]!INVALIDATE :: else fi
    }
  od
}

proctype evictor() {
  word = GONE;
  settled_orders = true;
  atomic { !viewed -> freed = true }  // Handoff::drop_reference, of the last one
  running--
}

// ---- At those who want the bytes ----

// Directory::remove, then Handoff::evict. Nobody views it.
inline drop(mirror) {
  atomic { removed = directory[mirror]; directory[mirror] = false }
  if
  :: removed ->
    atomic {
      if :: phase[mirror] == READY -> blocks-- :: else fi;
      phase[mirror] = GONE
    }
  :: else
  fi;
  removed = false
}

// Network::drop_cached or forget, by a rank of X's node
proctype dropper() {
  bool removed;
  drop(0);
  running--
}

proctype pauser() {
  driving[X] = false;
  driving[X] = true;
  running--
}

// Pull::at
inline pin(mirror) {
#ifdef PIN_BY_NAME
  assert(directory[mirror])
#else
  skip
#endif
}

#define CAN_PULL(m) (puller[m] == 0 || puller[m] == me || !driving[puller[m]])

// Network::fetch
proctype fetcher(byte me; bit m) {
  bool mine;
  do
  :: mine && finished[me] -> break
  :: phase[m] != ELSEWHERE -> break
  :: phase[m] == ELSEWHERE && !mine && CAN_PULL(m) ->
    atomic { if :: CAN_PULL(m) -> puller[m] = me; mine = true :: else fi }
    if
    :: mine ->
      atomic {
        finished[me] = false;
        if :: pull[me] == none -> pull[me] = ordered; pin(m) :: else fi
      }
    :: else
    fi
  od;
  running--
}

// RmaConnector::get_parts
proctype part_fetcher() {
  part = ordered;
  part_finished;
  running--
}

// ---- Inside move() ----

// Into this rank's slab, or for want of room into its process.
inline start(rank) {
  atomic {
    pull[rank] = under_way;
    if :: room -> block[rank] = true; blocks++ :: else fi;
    if :: rank == D -> to_x!PULL :: else -> to_home[rank]!PULL fi
  }
}

// Network::on_pull of X, which D asks
inline on_pull() {
  atomic { holders = true; ok = directory[0] }
  if
  :: ok && phase[0] == READY -> body[D] = true
  :: ok && phase[0] == ELSEWHERE ->
    atomic { relays = true; ok = pull[X] == none; if :: ok -> pull[X] = ordered :: else fi }
    if
    :: ok -> pin(0); atomic { puller[0] = X; finished[X] = false } start(X)
    :: else
    fi
  :: !ok || (phase[0] != READY && phase[0] != ELSEWHERE) -> refuse(from_x)
  fi;
  ok = false
}

// To those who want it from here
inline pass_on(m) {
  if
  :: relays && phase[m] == READY -> body[D] = true
  :: relays && phase[m] != READY ->
#ifdef RELAYS_FORGOTTEN
    skip
#else
    refuse(from_x)
#endif
  :: !relays
  fi
}

// Network::finish, Handoff::bring_here
inline finish(rank, m) {
  atomic { body[rank] = false; pull[rank] = none }
  if
  :: !block[rank] ->
    if :: rank == X && relays -> body[D] = true :: else fi
  :: block[rank] ->
    d_step { ok = phase[m] == ELSEWHERE; if :: ok -> phase[m] = ARRIVING :: else fi }
    if
    :: ok ->
#ifdef ARRIVE_WITHOUT_EXCHANGE
      ok = phase[m] == ARRIVING;
      if :: ok -> phase[m] = READY :: else fi
#else
      d_step { ok = phase[m] == ARRIVING; if :: ok -> phase[m] = READY :: else fi }
#endif
    :: else
    fi;
    if
    :: ok
    :: !ok ->
#ifndef BLOCK_KEPT
      free_block();
#endif
#ifdef RELAYS_FORGOTTEN
      if :: rank == X -> relays = false :: else fi
#endif
    fi;
    if :: rank == X -> pass_on(m) :: else fi
  fi;
  atomic {
    ok = false;
    block[rank] = false;
    if :: rank == X -> relays = false :: else fi;
#ifndef PULLER_KEPT
    puller[m] = 0;
#endif
    finished[rank] = true
  }
}

inline on_pull_failed(rank, m) {
  atomic {
    assert(pull[rank] == under_way);
    pull[rank] = none;
    if :: block[rank] -> free_block() :: else fi;
    block[rank] = false;
    if
    :: rank == X && relays ->
      relays = false;
#ifndef FAILURE_UNTOLD
      from_x!PULL_FAILED
#endif
    :: else
    fi;
    puller[m] = 0;
    finished[rank] = true
  }
}

inline finish_part() {
  atomic {
#ifndef PART_KEPT
    part = none;
#endif
    part_finished = true
  }
}

inline on_invalidate(rank, m) {
  drop(m);
  if :: rank == X && holders -> holders = false; from_x!INVALIDATE :: else fi
}

proctype mover(byte me; bit m) {
  bool ok, removed;
end_idle:
  do
  :: driving[me] && pull[me] == ordered -> start(me)
  :: driving[me] && pull[me] == under_way && body[me] -> finish(me, m)
  :: me == X && driving[me] && part == ordered -> part = under_way; to_home[X]!PULL_PART
  :: me == X && driving[me] && row -> assert(!freed); atomic { row = false; viewed = false } finish_part()
  :: me == X && driving[me] && from_home[me]?[PART] -> from_home[me]?PART; finish_part()
  :: me == X && driving[me] && from_home[me]?[PART_FAILED] -> from_home[me]?PART_FAILED;
#ifdef PART_BY_NAME
    if :: pull[X] == under_way -> on_pull_failed(me, m) :: else -> finish_part() fi
#else
    finish_part()
#endif
  :: driving[me] && from_home[me]?[PULL_FAILED] -> from_home[me]?PULL_FAILED; on_pull_failed(me, m)
  :: driving[me] && from_home[me]?[INVALIDATE] -> from_home[me]?INVALIDATE; on_invalidate(me, m)
  :: me == D && from_x?[PULL_FAILED] -> from_x?PULL_FAILED; on_pull_failed(me, m)
  :: me == D && from_x?[INVALIDATE] -> from_x?INVALIDATE; on_invalidate(me, m)
  :: me == X && driving[me] && nempty(to_x) -> to_x?PULL; on_pull()
  od
}

inline want_of_d() {
  run mover(D, 1);
  puller[1] = D;
  start(D)
}

init {
  atomic {
    if :: room = true :: room = false fi;
    run home();
    run mover(X, 0);
    running = 2;
    if
    :: want_of_d(); run mover(Y, 0); run fetcher(X, 0); run fetcher(Y, 0); running = 3; run pauser()
    :: want_of_d(); run mover(Y, 0); run fetcher(Y, 0); run evictor()
    :: want_of_d(); run mover(Y, 0); run fetcher(Y, 0); run dropper()
    :: want_of_d(); run fetcher(X, 0); run evictor()
    :: want_of_d(); run fetcher(X, 0); run dropper()
    :: run fetcher(X, 0); run part_fetcher(); running = 3; run evictor()
    fi
  }
  running == 0 && timeout;
  assert(pull[X] == none && pull[Y] == none && pull[D] == none && part == none);
  assert((directory[0] || phase[0] == GONE) && (directory[1] || phase[1] == GONE));
  assert(blocks == (phase[0] == READY) + (phase[1] == READY))
}
