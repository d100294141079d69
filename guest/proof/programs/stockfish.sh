# A network of integers in SSE2: what the search counts must be equal to the last node.
set -eu
echo 'bench 16 1 8' | /usr/games/stockfish 2>&1 | grep -E '^(Position|Nodes searched|bestmove)'
