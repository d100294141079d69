/* A shared object that needs a function which nobody has. */
int a_function_that_nobody_has(void);

int main(void) { return a_function_that_nobody_has(); }
