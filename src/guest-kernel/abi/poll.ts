/** poll(2), select(2), epoll(7), eventfd(2): constants and struct layouts on x86-64. */
export const POLLIN = 0x001;
export const POLLPRI = 0x002;
export const POLLOUT = 0x004;
export const POLLERR = 0x008;
export const POLLHUP = 0x010;
export const POLLNVAL = 0x020;
export const POLLRDNORM = 0x040;
export const POLLRDBAND = 0x080;
export const POLLWRNORM = 0x100;
export const POLLWRBAND = 0x200;
export const POLLRDHUP = 0x2000;
export const POLLFD = { size: 8, fd: 0, events: 4, revents: 6 } as const;

export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLEXCLUSIVE = 0x1000_0000;
export const EPOLLWAKEUP = 0x2000_0000;
export const EPOLLONESHOT = 0x4000_0000;
export const EPOLLET = 0x8000_0000;
/** struct epoll_event is packed on x86-64. */
export const EPOLL_EVENT = { size: 12, events: 0, data: 4 } as const;

export const EFD_SEMAPHORE = 1;
export const FD_SETSIZE = 1024;
