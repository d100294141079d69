// The C++ runtime: iostream, exceptions through frames and threads, RTTI, std::thread, statics, locale-free formatting.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Noisy {
  explicit Noisy(std::string name) : name(std::move(name)) { std::cout << "+" << this->name << " "; }
  ~Noisy() { std::cout << "-" << name << " "; }
  std::string name;
};

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
};
struct Square : Shape {
  explicit Square(double side) : side(side) {}
  double area() const override { return side * side; }
  double side;
};
struct Circle : Shape {
  double area() const override { return 3.14; }
};

Noisy global("global");

void throw_deep(int depth) {
  Noisy here("frame" + std::to_string(depth));
  if (depth == 0) throw std::runtime_error("from the bottom");
  throw_deep(depth - 1);
}

void exceptions() {
  try {
    throw_deep(3);
  } catch (const std::exception &error) {
    std::cout << "caught " << error.what() << "\n";
  }
  try {
    std::vector<int>(3).at(5) = 1;
  } catch (const std::out_of_range &) {
    std::cout << "out of range\n";
  }
  try {
    try {
      throw 42;
    } catch (...) {
      throw;
    }
  } catch (int value) {
    std::cout << "rethrown " << value << "\n";
  }
  std::unique_ptr<Shape> shape = std::make_unique<Square>(3);
  std::cout << shape->area() << " " << (dynamic_cast<Circle *>(shape.get()) == nullptr) << "\n";
}

void threads() {
  std::mutex mutex;
  std::map<int, int> squares;
  std::vector<std::thread> workers;
  for (int i = 0; i < 6; i++) {
    workers.emplace_back([&, i] {
      std::lock_guard lock(mutex);
      squares[i] = i * i;
    });
  }
  for (auto &worker : workers) worker.join();
  for (auto [number, square] : squares) std::cout << number << ":" << square << " ";
  auto failing = std::async(std::launch::async, []() -> int { throw std::logic_error("in a thread"); });
  try {
    failing.get();
  } catch (const std::logic_error &error) {
    std::cout << error.what() << "\n";
  }
  std::atomic<long> sum{0};
  std::thread a([&] { for (int i = 0; i < 5000; i++) sum += i; });
  std::thread b([&] { for (int i = 0; i < 5000; i++) sum -= i; });
  a.join();
  b.join();
  std::cout << "sum " << sum << "\n";
}

}  // namespace

int main() {
  std::cout << std::fixed << std::setprecision(3) << 2.0 / 3 << " " << std::hex << 255 << std::dec << "\n";
  std::istringstream in("12 3.5 word");
  int number;
  double real;
  std::string word;
  in >> number >> real >> word;
  std::cout << number + 1 << " " << real << " " << word << "\n";
  exceptions();
  threads();
  std::cout << std::regex_replace("one two", std::regex("(\\w+) (\\w+)"), "$2 $1") << "\n";
  return 0;
}
