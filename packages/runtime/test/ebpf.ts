/** As much of an eBPF machine as a device program needs. Throws where the kernel's verifier would refuse. */
export function runDeviceProgram(
  bytes: Uint8Array,
  context: { readonly type: number; readonly access: number; readonly major: number; readonly minor: number },
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = [(context.access << 16) | context.type, context.major, context.minor];
  const registers: (number | 'context' | undefined)[] = Array.from({ length: 11 }, () => undefined);
  registers[1] = 'context';
  const number = (at: number): number => {
    const value = registers[at];
    if (typeof value !== 'number') throw new Error(`r${at} is ${String(value)}`);
    return value;
  };
  for (let at = 0; at < bytes.length / 8; at += 1) {
    const opcode = view.getUint8(at * 8);
    const [to, from] = [view.getUint8(at * 8 + 1) & 15, view.getUint8(at * 8 + 1) >> 4];
    const [offset, immediate] = [view.getInt16(at * 8 + 2, true), view.getInt32(at * 8 + 4, true)];
    if (opcode === 0x95) return number(0);
    else if (opcode === 0x61 && registers[from] === 'context') registers[to] = words[offset / 4];
    else if (opcode === 0xbc) registers[to] = number(from);
    else if (opcode === 0xb7) registers[to] = immediate;
    else if (opcode === 0x54) registers[to] = (number(to) & immediate) >>> 0;
    else if (opcode === 0x74) registers[to] = number(to) >>> immediate;
    else if (opcode === 0x55) at += number(to) === immediate ? 0 : offset;
    else if (opcode === 0x15) at += number(to) === immediate ? offset : 0;
    else throw new Error(`instruction ${at}: opcode ${opcode}`);
  }
  throw new Error('ran off its end');
}
