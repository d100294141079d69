public class Hello {
  public static void main(String[] args) {
    System.out.println("Hello " + String.join(" ", args));
    if (args.length == 1 && args[0].equals("exit")) System.exit(7);
  }
}
