#include "pictures/sheet.hpp"

#include <algorithm>
#include <string>

namespace crack {

namespace {

constexpr Color background{0.043F, 0.047F, 0.063F};
constexpr Color ink{0.78F, 0.80F, 0.84F};
constexpr std::size_t gap = 12;
constexpr std::size_t label_height = 30;
constexpr std::size_t most_pictures = 12;
constexpr std::size_t most_columns = 4;

}  // namespace

Image contact_sheet(std::vector<Image> const& thumbnails, std::vector<std::int64_t> const& steps) {
  std::size_t const last = thumbnails.size() - 1;
  std::size_t const count = std::min(last + 1, most_pictures);
  std::size_t const columns = std::min(count, most_columns), rows = (count + columns - 1) / columns;
  std::size_t const width = thumbnails.front().width + gap;
  std::size_t const height = thumbnails.front().height + label_height + gap;
  Canvas canvas(columns * width + gap, rows * height + gap, background);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t const frame = i * last / std::max(count - 1, std::size_t{1});
    std::size_t const left = gap + i % columns * width, top = gap + i / columns * height;
    canvas.paste(thumbnails[frame], left, top);
    canvas.text({static_cast<double>(left) + 12.0, static_cast<double>(top + height - gap) - 10.0}, 14.0, ink,
                "step " + std::to_string(steps[frame]));
  }
  return canvas.image();
}

}  // namespace crack
