/* What the tests of the harness run: says where each rank is, and what its argument asks for.
   places   host of each rank; on one host all share memory, on two hosts none
   cut      rank 0 has the link of the last host cut; nothing comes through until it is mended
   rate     rank 0 has the link of the last host limited; a message then takes its time
   killed   rank 0 has the last rank killed, and waits
   sleep    for a minute; rank 0 first names its own folder */
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int rank, size;

static void ask(char const* verb, int host, char const* rate) {
  FILE* control = fopen(getenv("PROXYSTORE_HOSTS_CONTROL"), "w");
  fprintf(control, "%s %d %s\n", verb, host, rate);
  fclose(control);
}

/* Every rank of this host puts its rank into shared memory of one name. Their sum tells who came together. */
static void places(void) {
  char name[MPI_MAX_PROCESSOR_NAME], all[64][MPI_MAX_PROCESSOR_NAME];
  int length, i, same = 0, sharing, together;
  MPI_Comm node;
  MPI_Get_processor_name(name, &length);
  MPI_Allgather(name, sizeof name, MPI_CHAR, all, sizeof name, MPI_CHAR, MPI_COMM_WORLD);
  for (i = 0; i < size; ++i) same += strcmp(all[i], name) == 0;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &together);

  int const file = shm_open("/probe", O_RDWR | O_CREAT, 0600);
  if (ftruncate(file, 4096) != 0) exit(1);
  int* counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  __atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
  MPI_Barrier(MPI_COMM_WORLD);
  sharing = *counter;
  for (i = 0; i < size; ++i) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (i == rank)
      printf("rank %d is on %s: %d by name, %d by MPI, %d by memory\n", rank, name, same, together, sharing);
    fflush(stdout);
  }
}

static void say(int to, int bytes, char* room) { MPI_Send(room, bytes, MPI_CHAR, to, 0, MPI_COMM_WORLD); }
static void hear(int from, int bytes, char* room) {
  MPI_Recv(room, bytes, MPI_CHAR, from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

/* Seconds until `bytes` have gone to the last rank and an answer has come. */
static double there_and_back(int bytes) {
  char* const room = calloc(1, (size_t)bytes);
  double const began = MPI_Wtime();
  if (rank == 0) say(size - 1, bytes, room), hear(size - 1, 1, room);
  else if (rank == size - 1) hear(0, bytes, room), say(0, 1, room);
  free(room);
  return MPI_Wtime() - began;
}

/* Until this host's cable is out. */
static void await_cut(void) {
  char carrier = '1';
  while (carrier != '0') {
    FILE* file = fopen("/sys/class/net/eth0/carrier", "r");
    if (fread(&carrier, 1, 1, file) != 1) carrier = '1';
    fclose(file);
    usleep(1000);
  }
}

int main(int argc, char** argv) {
  char const* const what = argc > 1 ? argv[1] : "places";
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  int const last_host = size - 1; /* one rank on each */
  if (strcmp(what, "places") == 0) places();
  if (strcmp(what, "cut") == 0) {
    there_and_back(1);
    if (rank == 0) {
      ask("cut", last_host, "");
      if (fork() == 0) { /* the one who mends it, while this rank waits for an answer */
        sleep(2);
        ask("mend", last_host, "");
        _exit(0);
      }
    }
    if (rank == size - 1) await_cut();
    double const seconds = there_and_back(1000);
    if (rank == 0) printf("an answer came %s\n", seconds > 1 ? "after the cut" : "through the cut");
  }
  if (strcmp(what, "rate") == 0) {
    if (rank == 0) ask("rate", last_host, "40mbit");
    int slow = 0;
    for (int i = 0; i < 100 && !slow; ++i) { /* the first ones may come before it */
      slow = there_and_back(5000000) > 0.8;
      MPI_Bcast(&slow, 1, MPI_INT, 0, MPI_COMM_WORLD);
    }
    if (rank == 0) puts(slow ? "40 Mbit took a second" : "40 Mbit took no time");
  }
  if (strcmp(what, "killed") == 0) {
    if (rank == 0) {
      printf("control is %s\n", getenv("PROXYSTORE_HOSTS_CONTROL"));
      fflush(stdout);
      ask("kill", size - 1, "");
    }
    sleep(60);
  }
  if (strcmp(what, "sleep") == 0) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) printf("control is %s\n", getenv("PROXYSTORE_HOSTS_CONTROL")), fflush(stdout);
    sleep(60);
  }
  MPI_Finalize();
  return 0;
}
