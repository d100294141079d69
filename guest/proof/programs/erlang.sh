# Schedulers with threads of their own, processes by the ten thousand, binaries and big numbers.
set -eu
export HOME=/tmp
cat > /tmp/program.erl <<'END'
-module(program).
-export([main/0, ring/3]).
ring(0, First, Times) -> pass(First, Times);
ring(N, First, Times) -> pass(spawn(?MODULE, ring, [N - 1, First, Times]), Times).
pass(_, 0) -> done;
pass(Next, Times) -> receive X -> Next ! X + 1 end, pass(Next, Times - 1).
main() ->
  Self = self(),
  [spawn(fun() -> Self ! {I, lists:sum(lists:seq(1, I))} end) || I <- lists:seq(1, 10000)],
  io:format("~p~n", [lists:sum([receive {I, S} -> S end || I <- lists:seq(1, 10000)])]),
  First = spawn(?MODULE, ring, [500, Self, 20]),
  [begin First ! 0, receive N -> N end end || _ <- lists:seq(1, 20)],
  io:format("~p~n", [erlang:phash2(lists:seq(1, 100000))]),
  io:format("~p~n", [lists:foldl(fun(X, A) -> A * X end, 1, lists:seq(1, 60))]),
  io:format("~p~n", [catch lists:nth(5, [a])]),
  io:format("~p ~s~n", [erlang:md5(term_to_binary({a, "b", 1.5})), float_to_list(math:sin(1), [{decimals, 20}])]),
  io:format("~p~n", [re:run("cabbage", "a(b+)", [{capture, all, list}])]),
  {ok, Listener} = gen_tcp:listen(0, [binary, {active, false}]),
  {ok, Port} = inet:port(Listener),
  spawn(fun() -> {ok, S} = gen_tcp:connect("127.0.0.1", Port, [binary]), gen_tcp:send(S, "over tcp"), gen_tcp:close(S) end),
  {ok, Socket} = gen_tcp:accept(Listener),
  io:format("~p~n", [gen_tcp:recv(Socket, 0)]),
  halt().
END
cd /tmp && erlc program.erl && erl -noshell -eval 'program:main().'
