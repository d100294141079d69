/**
 * Lets the browser draw and take input before going on: long work is done in pieces with this between them, so that no
 * task of the page takes longer than a frame or two.
 */
export async function nextTask(): Promise<void> {
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(0);
  });
}
