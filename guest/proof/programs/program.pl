# Regular expressions, hashes, formats of numbers, sorting, pack, big integers.
use strict;
use warnings;
use Digest::MD5 'md5_hex';
use Digest::SHA 'sha256_hex';
use List::Util qw(sum reduce shuffle);
use Math::BigInt;
use POSIX qw(floor fmod strtod);
use Data::Dumper;
$Data::Dumper::Sortkeys = 1;

my $text = join ' ', map { sprintf '%s%d:%.3f', chr(97 + $_ % 26), $_, sqrt $_ } 1 .. 3000;
my %count;
$count{$1}++ while $text =~ /\b([a-m])\d*7:/g;
print Dumper(\%count);
(my $changed = $text) =~ s/(\d+)\.(\d+)/$2.$1/ge;
print md5_hex($changed), ' ', sha256_hex($changed), "\n";
print join(',', sort { $a <=> $b } map { $_ * 7919 % 1009 } 1 .. 60), "\n";
printf "%s %.15g %.17g %e %g %x %o %b\n", $_, $_, $_, $_, $_, $_ & 0xffff, abs($_) & 511, abs($_) & 15
  for 0.1, 1e15 / 3, -2.5, 1e22, 2 ** 0.5, -7, 1e-7;
print Math::BigInt->new(2)->bpow(521)->bsub(1), "\n";
print Math::BigInt->new('123456789' x 8)->bmodpow(65537, '998244353000000000000007'), "\n";
print join(' ', unpack('H*', pack('w n N v V q> d< Z*', 1000, 1, 2, 3, 4, -5, 1.25, 'end'))), "\n";
print reduce { ($a * 31 + ord $b) % 1000003 } 0, split //, $text;
print "\n", ("abcabcabd" =~ /^(?:(abc)(?=abc)|abc)*(?<last>ab.)$/ ? $+{last} : 'none'), "\n";
print join('|', 'a1b22c333' =~ /([a-z])(\d+)/g), ' ', scalar reverse('stressed'), ' ', ucfirst lc 'MIXED', "\n";
my @matrix = map { my $i = $_; [ map { fmod($i * $_ * 1.37, 3.1) } 1 .. 12 ] } 1 .. 12;
printf "%.12f\n", sum map { my $r = $_; map { $r->[$_] * $matrix[$_][3] } 0 .. 11 } @matrix;
local $@;
eval { die { code => 42 } };
print "caught $@->{code}\n";
