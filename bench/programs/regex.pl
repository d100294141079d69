# Regular expressions over a text: alternation, captures, substitution, backtracking.
use strict; use warnings;
open my $in, '<', '/bench/data/text' or die $!;
read $in, my $text, 2_000_000;
my (%count, $words);
$count{lc $1}++ while $text =~ /\b([a-z]{3,})(?=\s+(?:the|of|and)\b)/gi;
(my $copy = $text) =~ s/(\w+) (\w+)/$2 $1/g;
$words++ while $copy =~ /(?:[aeiou][^aeiou\s]+){3,}/g;
my $dates = () = $text =~ /\d{4}-(?:0\d|1[0-2])-[0-3]\d/g;
print join(' ', scalar(keys %count), $words, $dates, length $copy), "\n";
