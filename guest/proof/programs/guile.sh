# A JIT, a conservative collector that looks at stacks and registers, and threads.
set -eu
cat > /tmp/program.scm <<'END'
(use-modules (ice-9 threads) (ice-9 regex) (srfi srfi-1))
(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(define (line . things) (for-each display things) (newline))
(line (fib 25))
(line (apply + (par-map (lambda (x) (* x x)) (iota 2000))))
(line (let loop ((i 0) (sum 0)) (if (< i 2000000) (loop (1+ i) (logxor sum i)) sum)))
(line (expt 3 300) " " (exact->inexact 22/7) " " (sqrt -2))
(line (catch #t (lambda () (car 5)) (lambda (key . arguments) key)))
(line (call/cc (lambda (k) (for-each (lambda (x) (when (> x 3) (k x))) (iota 10)) 'none)))
(line (match:substring (string-match "b+" "aabbcc")))
(line (length (fold (lambda (i all) (cons (make-vector 10 i) (if (= 0 (modulo i 1000)) '() all))) '() (iota 100999))))
END
guile-3.0 --no-auto-compile /tmp/program.scm
