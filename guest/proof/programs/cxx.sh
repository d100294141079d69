cxx-proof
