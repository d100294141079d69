# Satisfiability, and arithmetic over integers, reals, words and strings.
set -eu
cat > /tmp/words.smt2 <<'END'
(declare-const x (_ BitVec 32)) (declare-const y (_ BitVec 32))
(assert (= (bvmul x y) #x075bcd15)) (assert (bvugt x #x00000001)) (assert (bvugt y #x00000001))
(assert (bvult x #x00010000)) (assert (bvult y #x00010000))
(check-sat)
(declare-const s String) (declare-const n Int)
(push) (assert (= (str.len s) 4)) (assert (str.prefixof "ab" s)) (check-sat) (pop)
(push) (assert (> (* n n) 1000)) (assert (< n 40)) (assert (> n 0)) (check-sat) (get-value (n)) (pop)
(declare-const r Real)
(push) (assert (= (* r r) 2.0)) (assert (> r 0.0)) (check-sat) (get-value (r)) (pop)
(push) (assert (forall ((k Int)) (> (* k k) n))) (assert (> n 0)) (check-sat) (pop)
END
z3 /tmp/words.smt2
awk 'BEGIN { srand(5); n = 110; print "p cnf", n, 470; for (i = 0; i < 470; i++) { for (j = 0; j < 3; j++) {
  x = x * 1103515245 + 12345 + i; x %= 2147483648; v = int(x / 65536) % n + 1; printf "%d ", int(x / 32768) % 2 ? v : -v }
  print 0 } }' > /tmp/random.cnf
minisat -verb=0 /tmp/random.cnf /tmp/answer || true
cat /tmp/answer
z3 /tmp/random.cnf | sed -n 1p
