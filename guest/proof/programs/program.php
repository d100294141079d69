<?php
// Arrays, strings, floats, closures, generators, classes, regular expressions, the JIT-less engine's loops, streams.
declare(strict_types=1);
namespace Proof;
enum Suit: string { case Hearts = 'H'; case Spades = 'S'; public function label(): string { return ucfirst(strtolower($this->name)); } }
interface Shape { public function area(): float; }
abstract class Named implements Shape { public function __construct(protected readonly string $name) {} public function __toString(): string { return sprintf('%s %.4f', $this->name, $this->area()); } }
final class Circle extends Named { public function __construct(private float $r) { parent::__construct('circle'); } public function area(): float { return M_PI * $this->r ** 2; } }
function fib(): \Generator { [$a, $b] = [0, 1]; while (true) { $got = yield $a; [$a, $b] = [$b, $a + $b + ($got ?? 0)]; } }
echo implode(',', array_slice($argv, 1)), ' ', new Circle(1.5), ' ', Suit::from('S')->label(), "\n";
foreach (fib() as $i => $n) { echo $n, ' '; if ($i > 15) break; }
$words = []; mt_srand(42); for ($i = 0; $i < 3000; $i++) $words[] = dechex($i * 2654435761 % 4294967296);
usort($words, fn ($a, $b) => strrev($a) <=> strrev($b)); echo "\n", md5(implode(' ', $words)), ' ', hash('sha3-256', 'x'), ' ', crc32('abc'), ' ', mt_rand(), "\n";
var_dump(0.1 + 0.2, 1e100, PHP_INT_MAX + 1, intdiv(-7, 2), -7 % 3, 7 <=> 8, '10' == '1e1', [1, 'a' => ['b' => null]], round(2.675, 2), fdiv(1, 0), (string) 1e15, 9007199254740993);
echo preg_replace_callback('/(\d+)-(\w+)/', fn ($m) => strtoupper($m[2]) . $m[1] * 2, 'x 12-ab 7-cd'), ' ', json_encode(['ü' => [1, 2.50, null, true], 'n' => "a\"b"], JSON_PRETTY_PRINT | JSON_UNESCAPED_UNICODE), ' ', serialize([1, ['k' => 2.5]]), "\n";
function primes(int $n): int { $s = array_fill(0, $n + 1, true); for ($i = 2; $i * $i <= $n; $i++) if ($s[$i]) for ($j = $i * $i; $j <= $n; $j += $i) $s[$j] = false; return count(array_filter($s)) - 2; }
echo primes(100000), ' '; $m = []; for ($i = 0; $i < 60; $i++) for ($j = 0; $j < 60; $j++) $m[$i][$j] = sin($i * $j) / ($i + 1); $sum = 0.0; for ($k = 0; $k < 60; $k++) for ($i = 0; $i < 60; $i++) for ($j = 0; $j < 60; $j++) $sum += $m[$i][$k] * $m[$k][$j]; printf("%.12f\n", $sum);
try { (function (int $x) { throw new \DomainException("x=$x", 5); })(3); } catch (\LogicException $e) { echo get_class($e), ' ', $e->getMessage(), ' ', $e->getCode(), "\n"; } finally { echo "finally\n"; }
echo match (true) { 5 > 3 => 'match', default => 'no' }, ' ', null?->x ?? 'nullsafe', ' ', strlen(gzuncompress(gzcompress(str_repeat('abc', 1000)))), ' ', date('Y-m-d', 86400), ' ', ucwords('hello world'), ' ', wordwrap('The quick brown fox', 10, '|', true), ' ', similar_text('World', 'Word'), ' ', levenshtein('kitten', 'sitting'), ' ', soundex('Robert'), ' ', number_format(1234567.891, 2), "\n";
$f = new \Fiber(function (string $x): string { $y = \Fiber::suspend($x . '1'); return $y . '2'; }); echo $f->start('a'), ' '; $f->resume('b'); echo $f->getReturn(), "\n";
$p = proc_open(['cat'], [['pipe', 'r'], ['pipe', 'w']], $pipes); fwrite($pipes[0], 'through cat'); fclose($pipes[0]); echo stream_get_contents($pipes[1]), ' ', proc_close($p), ' ', shell_exec('echo shell'), exec('exit 3', $o, $code), $code, "\n";
[$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0); fwrite($a, "pair\n"); echo fgets($b); $t = tmpfile(); fwrite($t, 'tmp'); fseek($t, 1); echo fread($t, 5), ' ', fstat($t)['size'], "\n";
class Node { public ?Node $l = null, $r = null; } $tree = function (int $d) use (&$tree) { $n = new Node; if ($d) { $n->l = $tree($d - 1); $n->r = $tree($d - 1); $n->l->up = $n; } return $n; }; $count = function (?Node $n) use (&$count) { return $n ? 1 + $count($n->l) + $count($n->r) : 0; }; error_reporting(0); echo $count($tree(11)), ' ', gc_collect_cycles() > 0 ? 'collected' : 'none', "\n";
