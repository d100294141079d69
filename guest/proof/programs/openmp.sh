openmp-proof && OMP_NUM_THREADS=3 OMP_PROC_BIND=true openmp-proof | md5sum
