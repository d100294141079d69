/* A shared object whose code is not position independent: the loader writes into its text (DT_TEXTREL). */
static int values[4] = {1, 2, 3, 4};
int text_sum(void) {
  int sum = 0;
  for (int i = 0; i < 4; i++) sum += values[i];
  return sum;
}
int (*volatile text_self)(void) = text_sum;
