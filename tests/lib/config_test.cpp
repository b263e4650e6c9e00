#include "support.hpp"

namespace {

using namespace support;
using testing::HasSubstr;

TEST(ConfigTest, ReadsKindLocationAndOptions) {
  auto const config = Config::parse("redis://host:6379/0?prefix=run&timeout=5s");
  EXPECT_EQ(config.kind(), "redis");
  EXPECT_EQ(config.location(), "//host:6379/0");
  EXPECT_EQ(config.text("prefix"), "run");
  EXPECT_EQ(config.duration("timeout"), 5s);
  EXPECT_EQ(config.text("absent"), std::nullopt);
}

TEST(ConfigTest, ReadsAKindAlone) {
  auto const config = Config::parse("local:");
  EXPECT_EQ(config.kind(), "local");
  EXPECT_TRUE(config.location().empty());
  EXPECT_TRUE(config.options().empty());
  EXPECT_EQ(Config::parse("local:?"), config);
}

TEST(ConfigTest, SurvivesText) {
  for (auto const* text : {"local:", "rma:?capacity=1GiB", "file:///scratch/run7", "redis://h:1/0?prefix=a%26b",
                           "x:with%20space?a%3Db=%25%3F%26", "x:?a=&b=%00%FF", "e:[::1]:80,[::2]:81"}) {
    auto const config = Config::parse(text);
    EXPECT_EQ(Config::parse(config.to_string()), config) << text;
  }
}

TEST(ConfigTest, EncodesWhatHasAMeaningInTheText) {
  EXPECT_EQ(Config("file", "/a b?c#d").set("k&", "v=%").to_string(), "file:/a%20b%3Fc%23d?k%26=v%3D%25");
  EXPECT_EQ(Config("rma").set("b", "2").set("a", "1").to_string(), "rma:?a=1&b=2");
}

TEST(ConfigTest, DecodesEscapes) {
  EXPECT_EQ(Config::parse("file:/a%2fb?x=%41%7a").location(), "/a/b");
  EXPECT_EQ(Config::parse("file:/a%2fb?x=%41%7a").text("x"), "Az");
  EXPECT_EQ(Config::parse("k:a=b").location(), "a=b");
}

TEST(ConfigTest, RefusesTextWithoutAKind) {
  for (auto const* text : {"", ":", "local", "Local:", "a b:", "/path:x", "?x=1"})
    EXPECT_THROW((void)Config::parse(text), ConfigError) << text;
}

TEST(ConfigTest, RefusesBrokenEscapes) {
  for (auto const* text : {"k:%", "k:%4", "k:%zz", "k:a%4", "k:?a=%", "k:?%1=b", "k:%-1", "k:%+1", "k:% 1"})
    EXPECT_THROW((void)Config::parse(text), ConfigError) << text;
}

TEST(ConfigTest, RefusesMalformedAndDoubledOptions) {
  EXPECT_THAT(text_of<ConfigError>([] { (void)Config::parse("k:?a"); }), HasSubstr("malformed option 'a'"));
  EXPECT_THROW((void)Config::parse("k:?=1"), ConfigError);
  EXPECT_THROW((void)Config::parse("k:?a=1&&b=2"), ConfigError);
  EXPECT_THAT(text_of<ConfigError>([] { (void)Config::parse("k:?a=1&a=2"); }), HasSubstr("option a twice"));
  EXPECT_THROW((void)Config::parse("k:?a=1&%61=2"), ConfigError);
}

TEST(ConfigTest, ReadsSizes) {
  std::pair<char const*, std::size_t> const sizes[] = {
      {"0", 0},           {"4096", 4096},    {"4096B", 4096},         {"64KiB", 65536},       {"1.5GiB", 1610612736},
      {"10MB", 10000000}, {"2kB", 2000},     {"1TiB", 1099511627776}, {"1TB", 1000000000000}, {"0.5KiB", 512},
      {"1e3", 1000},      {"1MiB", 1048576}, {"3GB", 3000000000}};
  for (auto const& [text, size] : sizes) EXPECT_EQ(Config("k").set("n", text).size("n"), size) << text;
  EXPECT_EQ(Config("k").size("n"), std::nullopt);
}

TEST(ConfigTest, RefusesWhatIsNoSize) {
  for (auto const* text :
       {"", "x", "-1", "1 GiB", "1gib", "1GiBB", "nan", "inf", "1e30", "9999999999TiB", "0x10", "+1"})
    EXPECT_THROW((void)Config("k").set("n", text).size("n"), ConfigError) << text;
  EXPECT_THAT(text_of<ConfigError>([] { (void)Config("k").set("n", "big").size("n"); }), HasSubstr("n=64MiB"));
}

TEST(ConfigTest, ReadsTimes) {
  std::pair<char const*, std::chrono::nanoseconds> const times[] = {
      {"250ms", 250ms}, {"30s", 30s}, {"5min", 5min}, {"1h", 1h}, {"10us", 10us}, {"7ns", 7ns}, {"0.5s", 500ms}};
  for (auto const& [text, time] : times) EXPECT_EQ(Config("k").set("t", text).duration("t"), time) << text;
  EXPECT_EQ(Config("k").duration("t"), std::nullopt);
}

TEST(ConfigTest, RefusesATimeWithoutAUnit) {
  for (auto const* text : {"", "5", "5 s", "-1s", "1d", "s", "1e300h", "nans"})
    EXPECT_THROW((void)Config("k").set("t", text).duration("t"), ConfigError) << text;
}

TEST(ConfigTest, ReadsFlags) {
  for (auto const* yes : {"true", "yes", "on", "1"}) EXPECT_EQ(Config("k").set("f", yes).flag("f"), true);
  for (auto const* no : {"false", "no", "off", "0"}) EXPECT_EQ(Config("k").set("f", no).flag("f"), false);
  EXPECT_EQ(Config("k").flag("f"), std::nullopt);
  EXPECT_THROW((void)Config("k").set("f", "maybe").flag("f"), ConfigError);
  EXPECT_THROW((void)Config("k").set("f", "").flag("f"), ConfigError);
}

TEST(ConfigTest, NamesTheKnownOptionsWhenThereIsAnother) {
  auto const config = Config::parse("rma:?capacity=1&colour=red");
  EXPECT_NO_THROW(config.expect_only({"capacity", "colour"}));
  EXPECT_THAT(text_of<ConfigError>([&] {
                config.expect_only({"capacity", "slots"});
              }),
              testing::AllOf(HasSubstr("no option 'colour'"), HasSubstr("capacity, slots")));
  EXPECT_THAT(text_of<ConfigError>([&] { config.expect_only({}); }), HasSubstr("it has: none"));
}

TEST(ConfigTest, KindsMayHoldAPlus) { EXPECT_EQ(Config::parse("redis+unix:///path").kind(), "redis+unix"); }

TEST(ConfigTest, ShowsATextWithoutItsPasswords) {
  EXPECT_EQ(Config::without_secrets("redis://me:secret@host:1/0?password=secret&prefix=a"),
            "redis://me:***@host:1/0?password=***&prefix=a");
  EXPECT_EQ(Config::without_secrets("redis://:a:b@c@host?x=1"), "redis://:***@host?x=1");
  for (auto const* open : {"redis://host:6379/0?prefix=a@b", "file:///scratch/run7", "local:", "redis://me@host:1"})
    EXPECT_EQ(Config::without_secrets(open), open);
}

TEST(ConfigTest, KeepsPasswordsOutOfItsErrors) {
  for (auto const* text : {"redis://me:secret%@host", "redis://me:x?secret@host", "redis:?password=x&secret",
                           "redis:?password=secret&password=secret", "://me:secret@host"})
    EXPECT_THAT(text_of<ConfigError>([&] { (void)Config::parse(text); }), testing::Not(testing::HasSubstr("secret"))) << text;
}

}  // namespace
