/* OpenMP: loops shared among threads, reductions, critical sections, tasks, ordered output; the same lines in any order of threads. */
#include <math.h>
#include <omp.h>
#include <stdio.h>

static long fibonacci(int n) {
  if (n < 2) return n;
  long a, b;
#pragma omp task shared(a) if (n > 12)
  a = fibonacci(n - 1);
  b = fibonacci(n - 2);
#pragma omp taskwait
  return a + b;
}

int main(void) {
  omp_set_dynamic(0);
  omp_set_num_threads(4);
  double sum = 0;
  long products = 1, members = 0;
#pragma omp parallel for reduction(+ : sum) schedule(static, 1000)
  for (int i = 1; i <= 200000; i++) sum += 1.0 / ((double)i * i);
  printf("sum %.10f, pi %.8f\n", sum, sqrt(6 * sum));
#pragma omp parallel for reduction(* : products) schedule(dynamic)
  for (int i = 1; i <= 20; i++) products *= i;
  printf("product %ld\n", products);
#pragma omp parallel
  {
#pragma omp critical
    members += omp_get_thread_num() + 1;
#pragma omp barrier
#pragma omp single
    printf("team of %d, members %ld\n", omp_get_num_threads(), members);
  }
#pragma omp parallel for ordered schedule(dynamic, 1)
  for (int i = 0; i < 8; i++) {
    int square = i * i;
#pragma omp ordered
    printf("%d ", square);
  }
  long number = 0;
#pragma omp parallel
#pragma omp single
  number = fibonacci(20);
  printf("\nfibonacci %ld\n", number);
#pragma omp parallel sections reduction(+ : number)
  {
#pragma omp section
    number += 1;
#pragma omp section
    number += 2;
  }
  printf("sections %ld\n", number);
  return 0;
}
