#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sqlite3.h>

#include <proxystore/error.hpp>

#include "memory.hpp"
#include "storage.hpp"

namespace proxystore::detail {
namespace {

struct SqliteFree {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  void operator()(sqlite3_blob* blob) const noexcept { sqlite3_blob_close(blob); }
};
using Database = std::unique_ptr<sqlite3, SqliteFree>;
using Blob = std::unique_ptr<sqlite3_blob, SqliteFree>;

/// The one place where it is judged whether a call of SQLite went well.
int sqlite_check(int code, sqlite3* database, std::string const& file) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return code;
  std::string const why = database ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  if (code == SQLITE_FULL || code == SQLITE_TOOBIG || code == SQLITE_NOMEM)
    throw StoreFull("database " + file + " takes no more (" + why + ") evict objects, or give it room");
  throw ConnectorError("database " + file + " failed (" + why +
                       ") see that the endpoint may write it, and nobody else does");
}

/// A prepared statement, used again and again.
class Statement {
 public:
  Statement(sqlite3* database, std::string const& file, char const* text) : database_(database), file_(file) {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v3(database, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
    statement_.reset(statement);
  }
  Statement& bind(int at, std::string_view text) {
    check(sqlite3_bind_text64(get(), at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
    return *this;
  }
  Statement& bind(int at, Bytes const& bytes) {
    auto const* const data = bytes.empty() ? static_cast<void const*>("") : bytes.data();
    check(sqlite3_bind_blob64(get(), at, data, bytes.size(), SQLITE_STATIC));
    return *this;
  }
  /// True if there is a row, whose first column is the result. To be reset by the next run().
  bool run() {
    sqlite3_reset(get());
    return check(sqlite3_step(get())) == SQLITE_ROW;
  }
  std::int64_t number() { return sqlite3_column_int64(get(), 0); }
  void end() noexcept {
    sqlite3_reset(get());
    sqlite3_clear_bindings(get());
  }

 private:
  sqlite3_stmt* get() const noexcept { return statement_.get(); }
  int check(int code) const { return sqlite_check(code, database_, file_); }
  sqlite3* database_;
  std::string const& file_;
  std::unique_ptr<sqlite3_stmt, SqliteFree> statement_;
};

Database open(std::string const& file) {
  sqlite3* database = nullptr;
  int const code = sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Database owned(database);
  sqlite_check(code, database, file);
  sqlite3_busy_timeout(database, 5000);
  // A commit survives the death of the process; the death of the machine may take the last ones.
  for (auto const* text : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL",
                           "CREATE TABLE IF NOT EXISTS blobs(key TEXT PRIMARY KEY, value BLOB NOT NULL)",
                           "CREATE TABLE IF NOT EXISTS evicted(number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE)"})
    sqlite_check(sqlite3_exec(database, text, nullptr, nullptr, nullptr), database, file);
  return owned;
}

class DatabaseStorage final : public Storage {
 public:
  explicit DatabaseStorage(std::string file) : file_(std::move(file)), database_(open(file_)) {}

  Stored set(std::string const& key, Bytes object, Rule rule) override {
    Transaction change(*this);
    if (rule == Rule::once && find(evicted_, key)) return Stored::evicted;
    if (rule == Rule::once && find(row_, key)) return Stored::already_set;
    run(insert_.bind(1, key).bind(2, object), insert_);
    if (rule == Rule::overwrite) run(revive_.bind(1, key), revive_);
    change.commit();
    return Stored::done;
  }

  Looked look(std::string const& key, Want want) override {
    auto const row = find(row_, key);
    if (row) return {State::ready, want == Want::object ? read(*row) : Bytes()};
    return {find(evicted_, key) ? State::gone : State::pending, {}};
  }

  void evict(std::string const& key) override {
    Transaction change(*this);
    run(delete_.bind(1, key), delete_);
    run(remember_.bind(1, key), remember_);
    run(forget_, forget_);
    change.commit();
  }

  std::string describe() const override { return "database " + file_; }

 private:
  /// Undone unless committed.
  class Transaction {
   public:
    explicit Transaction(DatabaseStorage& storage) : storage_(storage) { storage_.execute("BEGIN IMMEDIATE"); }
    ~Transaction() {
      if (!committed_) sqlite3_exec(storage_.database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
    Transaction(Transaction const&) = delete;
    Transaction& operator=(Transaction const&) = delete;
    void commit() {
      storage_.execute("COMMIT");
      committed_ = true;
    }

   private:
    DatabaseStorage& storage_;
    bool committed_ = false;
  };

  void execute(char const* text) {
    sqlite_check(sqlite3_exec(database_.get(), text, nullptr, nullptr, nullptr), database_.get(), file_);
  }

  struct AtRest {  // also when it throws: nothing of the statement stays
    explicit AtRest(Statement& ended) : statement(ended) {}
    ~AtRest() { statement.end(); }
    AtRest(AtRest const&) = delete;
    AtRest& operator=(AtRest const&) = delete;
    Statement& statement;
  };

  static void run(Statement& bound, Statement& statement) {
    AtRest const end(statement);
    bound.run();
  }

  static std::optional<std::int64_t> find(Statement& statement, std::string const& key) {
    AtRest const end(statement);
    return statement.bind(1, key).run() ? std::optional(statement.number()) : std::nullopt;
  }

  /// Straight into the memory that is handed out.
  Bytes read(std::int64_t row) {
    sqlite3_blob* opened = nullptr;
    sqlite_check(sqlite3_blob_open(database_.get(), "main", "blobs", "value", row, 0, &opened), database_.get(), file_);
    Blob const blob(opened);
    auto const size = static_cast<std::size_t>(sqlite3_blob_bytes(opened));
    Arriving object(size);
    auto const room = object.room(size);
    if (size != 0)
      sqlite_check(sqlite3_blob_read(opened, room.data(), static_cast<int>(size), 0), database_.get(), file_);
    object.take(size);
    return std::move(object).freeze();
  }

  std::string const file_;
  Database database_;
  Statement row_{database_.get(), file_, "SELECT rowid FROM blobs WHERE key=?"};
  Statement evicted_{database_.get(), file_, "SELECT number FROM evicted WHERE key=?"};
  Statement insert_{database_.get(), file_, "INSERT OR REPLACE INTO blobs(key, value) VALUES (?, ?)"};
  Statement revive_{database_.get(), file_, "DELETE FROM evicted WHERE key=?"};
  Statement delete_{database_.get(), file_, "DELETE FROM blobs WHERE key=?"};
  Statement remember_{database_.get(), file_, "INSERT OR IGNORE INTO evicted(key) VALUES (?)"};
  std::string const forget_text_ =
      "DELETE FROM evicted WHERE number <= (SELECT max(number) FROM evicted) - " + std::to_string(most_evicted);
  Statement forget_{database_.get(), file_, forget_text_.c_str()};
};

}  // namespace

std::unique_ptr<Storage> make_database_storage(std::filesystem::path const& file) {
  return std::make_unique<DatabaseStorage>(file.string());
}

}  // namespace proxystore::detail
