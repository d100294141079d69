# Ruby: strings and numbers, blocks, fibers, threads, processes, sockets, the standard library.
require 'json'
require 'digest'
require 'set'
require 'socket'
require 'tempfile'
require 'zlib'
require 'bigdecimal'
require 'open3'
require 'timeout'
require 'erb'
require 'strscan'
require 'ostruct'
require 'time'
require 'yaml'
require 'stringio'
require 'benchmark'

words = (1..2000).map { |i| (i * 2654435761 % 4294967296).to_s(36) }
puts words.sort_by(&:reverse).first(5).inspect, Digest::SHA256.hexdigest(words.join(' ')), words.group_by(&:size).transform_values(&:count).sort.to_h
puts 2**300, 100.digits.sum, (1..50).reduce(:lcm), 10.0 / 3, 1e23, 0.1 + 0.2, 1r / 3, Complex(1, 2)**3, Integer.sqrt(10**40), BigDecimal('1.1')**20
puts 'The quick brown fox'.gsub(/(\w)(\w*)/) { "#{$2}#{$1.upcase}" }, 'straße ÄÖÜ'.upcase, "日本語".bytes.size, format('%08.3f|%-6s|%+d|%x', Math::PI, 'ab', 5, 255)
puts [3, 1, 2].sort.each_slice(2).to_a.inspect, (1..Float::INFINITY).lazy.map { |x| x * 2 }.select { |x| x % 3 == 0 }.first(4).inspect
puts JSON.pretty_generate({ 'a' => [1, 2.5, nil, true], 'b' => { 'c' => "ü\n" } }), JSON.parse('{"x":[1,{"y":"z"}]}').to_s, { 'k' => [1, 'two'] }.to_yaml
fiber = Fiber.new { |x| 3.times { |i| x = Fiber.yield(x + i) }; :end }
puts [fiber.resume(1), fiber.resume(10), fiber.resume(20), fiber.resume(0)].inspect
generator = Enumerator.new { |y| a, b = 0, 1; loop { y << a; a, b = b, a + b } }
puts generator.take(15).inspect, generator.next, generator.next
queue, results = Queue.new, Queue.new
workers = 4.times.map { Thread.new { while (n = queue.pop) != :stop do results << n * n end } }
100.times { |i| queue << i }
4.times { queue << :stop }
workers.each(&:join)
puts 100.times.sum { results.pop }
lock, count = Mutex.new, 0
10.times.map { Thread.new { 100.times { lock.synchronize { count += 1 } } } }.each(&:join)
puts count
begin
  Timeout.timeout(0.05) { sleep 5 }
rescue Timeout::Error
  puts $!.class
end
server = TCPServer.new('127.0.0.1', 0)
serving = Thread.new { 3.times { client = server.accept; client.puts client.gets.upcase; client.close } }
3.times { |i| TCPSocket.open('127.0.0.1', server.addr[1]) { |s| s.puts "line #{i}"; puts s.gets } }
serving.join
pid = fork { exit 7 }
Process.wait pid
puts $?.exitstatus, `echo backquoted; exit 2`, $?.exitstatus, Open3.capture3('cat; echo err >&2', stdin_data: 'in').first(2).inspect
read, write = IO.pipe
fork { read.close; write.puts 'from the child'; exit! }
write.close
puts read.read
Process.wait
trap('USR1') { puts 'signal' }
Process.kill('USR1', Process.pid)
sleep 0.05
Tempfile.create { |f| f.write('x' * 1000); f.flush; puts File.size(f.path), File.stat(f.path).mode.to_s(8) }
puts Zlib::Inflate.inflate(Zlib::Deflate.deflate('text ' * 100)).size, Zlib.crc32('abc'), [1, 2].pack('s>l<').bytes.inspect
puts ERB.new('<% 3.times do |i| %><%= i %>,<% end %>').result, StringScanner.new('ab 12').scan(/\w+/), Time.at(0).utc.iso8601, Comparable.instance_methods.sort.first
Point = Struct.new(:x, :y) { def +(o) = Point.new(x + o.x, y + o.y) }
puts (Point.new(1, 2) + Point.new(3, 4)).inspect
case { name: 'n', list: [1, [2, 3]] }
in { name: String => n, list: [Integer => a, [*, b]] }
  puts n, a, b
end
class Tree
  def initialize(d) = (@l, @r = d > 0 ? [Tree.new(d - 1), Tree.new(d - 1)] : nil)
  def count = 1 + (@l ? @l.count + @r.count : 0)
end
3.times { Tree.new(10) }
GC.start
puts Tree.new(11).count, ObjectSpace.count_objects[:TOTAL] > 0
begin
  raise ArgumentError, "wrong"
rescue => e
  puts e.message, e.backtrace.size
ensure
  puts "ensured"
end
puts catch(:done) { 10.times { |i| throw :done, i if i == 3 } }
puts Ractor.new { 21 * 2 }.take
