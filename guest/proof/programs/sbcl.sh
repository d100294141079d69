# A compiler to machine code with a moving collector, guard pages and threads.
set -eu
cat > /tmp/program.lisp <<'END'
(defun fib (n) (declare (fixnum n)) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(print (fib 27))
(print (mod (expt 7 2000) 1000000007))
(print (handler-case (/ 1 (- (fib 1) 1)) (division-by-zero () 'division-by-zero)))
(print (handler-case (labels ((deep (n) (+ 1 (deep n)))) (deep 1)) (storage-condition () 'deep)))
(print (let ((threads (loop for i below 4 collect
                        (let ((i i)) (sb-thread:make-thread (lambda () (loop for k below 200000 sum (logxor k i))))))))
         (mapcar #'sb-thread:join-thread threads)))
(let ((table (make-hash-table :test 'equal)))
  (dotimes (i 200000) (setf (gethash (format nil "~r" (mod i 4999)) table) i))
  (gc :full t)
  (print (list (hash-table-count table) (gethash "four thousand" table))))
(print (list (sqrt -2d0) (sin 1d0) (expt 2 0.5d0) (/ 22 7) (rational 0.1d0)))
(terpri)
END
sbcl --noinform --no-sysinit --no-userinit --disable-debugger --load /tmp/program.lisp --quit 2> /dev/null
