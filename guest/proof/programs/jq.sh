# Floats as text and back, regular expressions, sorting, reduction of a hundred thousand numbers.
set -eu
jq -nc '[range(100000)] | map(. * 1.1) | add, (map(tostring | length) | add), (sort_by(. % 7 | floor) | .[:5])'
jq -nc '[range(300) | {a: ., b: (. * . % 17 | tostring)}] | group_by(.b) | map([.[0].b, length])'
printf '{"a":[1,2,{"b":null}],"c":"x\\u00e9y"}' | jq -r '.a[2], (.c | ascii_upcase, test("é"), @base64), ([paths] | length)'
jq -n '1e1000, -0.0, 1e-320, 3.14159265358979, ([limit(5; repeat(1))] | @csv)'
jq -n '"a,b, c" | splits(", *")'
echo '{' | jq . || echo "exit $?"
