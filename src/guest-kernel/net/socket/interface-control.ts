/** netdevice(7): the SIOCGIF* requests, which any socket answers. Only lo exists until the real stack comes. */
import { bytesOf } from '../../../emulator/util/bytes.ts';
import { ENODEV } from '../../abi/errno.ts';
import * as abi from '../../abi/socket.ts';
import { encodeSocketAddress, INADDR_LOOPBACK } from '../../abi/socket-address.ts';
import type { UserMemory } from '../../vfs/open-file.ts';
import { LOOPBACK } from '../interfaces.ts';

const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_RUNNING = 0x40;
const LOOPBACK_INDEX = 1;
const ARPHRD_LOOPBACK = 772;

/** Answers into the struct ifreq or ifconf at `argument`. @returns false for a request it does not know. @throws ENODEV */
export function interfaceControl(request: number, argument: number, memory: UserMemory): boolean {
  if (request === abi.SIOCGIFCONF) {
    listInterfaces(argument, memory);
    return true;
  }
  if (request === abi.SIOCGIFNAME) {
    // The one request that asks by number.
    if (memory.loadU32(argument + abi.IFREQ.ifr_data) !== LOOPBACK_INDEX) throw ENODEV;
    const name = memory.writable(argument, abi.IFREQ.ifr_data);
    name.fill(0);
    name.set(bytesOf('lo'));
    return true;
  }
  const answer = ANSWERS[request];
  if (answer === undefined) return false;
  if (memory.cString(argument, abi.IFREQ.ifr_data) !== 'lo') throw ENODEV;
  const data = memory.writable(argument + abi.IFREQ.ifr_data, abi.IFREQ.size - abi.IFREQ.ifr_data);
  answer(data, new DataView(data.buffer, data.byteOffset, data.byteLength));
  return true;
}

const ANSWERS: Readonly<Record<number, (data: Uint8Array, view: DataView) => void>> = {
  [abi.SIOCGIFFLAGS]: (_, view) => view.setUint16(0, IFF_UP | IFF_LOOPBACK | IFF_RUNNING, true),
  [abi.SIOCGIFADDR]: (data) => data.set(addressOf(INADDR_LOOPBACK)),
  [abi.SIOCGIFBRDADDR]: (data) => data.set(addressOf(0)),
  [abi.SIOCGIFNETMASK]: (data) => data.set(addressOf(0xff00_0000)),
  [abi.SIOCGIFMTU]: (_, view) => view.setInt32(0, LOOPBACK.mtu, true),
  [abi.SIOCGIFTXQLEN]: (_, view) => view.setInt32(0, 1000, true),
  [abi.SIOCGIFINDEX]: (_, view) => view.setInt32(0, LOOPBACK_INDEX, true),
  [abi.SIOCGIFHWADDR]: (data, view) => {
    data.fill(0, 0, 16);
    view.setUint16(0, ARPHRD_LOOPBACK, true);
  },
};

// struct ifconf { int ifc_len; 4 bytes of padding; struct ifreq *ifc_req; }
function listInterfaces(argument: number, memory: UserMemory): void {
  const room = memory.loadU32(argument);
  const buffer = memory.loadNumber(argument + 8);
  if (buffer !== 0 && room < abi.IFREQ.size) {
    memory.storeU32(argument, 0);
    return;
  }
  memory.storeU32(argument, abi.IFREQ.size);
  if (buffer === 0) return;
  const row = memory.writable(buffer, abi.IFREQ.size);
  row.fill(0);
  row.set(bytesOf('lo'));
  row.set(addressOf(INADDR_LOOPBACK), abi.IFREQ.ifr_data);
}

function addressOf(host: number): Uint8Array {
  return encodeSocketAddress({ family: abi.AF_INET, host, port: 0 });
}
