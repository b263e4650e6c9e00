#include "pictures/sheet.hpp"

#include <cmath>
#include <string>

namespace crack {

namespace {

constexpr Color background{0.043F, 0.047F, 0.063F};
constexpr Color ink{0.78F, 0.80F, 0.84F};
constexpr std::size_t gap = 12;
constexpr std::size_t label_height = 26;

}  // namespace

Image contact_sheet(std::vector<Image> const& thumbnails, std::vector<std::int64_t> const& steps) {
  std::size_t const count = thumbnails.size();
  auto const columns = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  std::size_t const rows = (count + columns - 1) / columns;
  std::size_t const width = thumbnails.front().width + gap;
  std::size_t const height = thumbnails.front().height + label_height + gap;
  Canvas canvas(columns * width + gap, rows * height + gap, background);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t const left = gap + i % columns * width, top = gap + i / columns * height;
    canvas.paste(thumbnails[i], left, top);
    canvas.text({static_cast<double>(left) + 8.0, static_cast<double>(top + height - gap) - 8.0}, 11.0, ink,
                "step " + std::to_string(steps[i]));
  }
  return canvas.image();
}

}  // namespace crack
