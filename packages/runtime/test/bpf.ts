/** Classic BPF over struct seccomp_data; refuses what the kernel's checker refuses (net/core/filter.c, kernel/seccomp.c). */
export type Call = { readonly audit: number; readonly number: number; readonly args: readonly bigint[] };

export function runFilter(program: Uint8Array, call: Call): { result: number; steps: number } {
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  const count = program.length / 8;
  const data = dataOf(call);
  let accumulator = 0;
  for (let at = 0, steps = 1; at < count; at += 1, steps += 1) {
    const [code, k] = [view.getUint16(at * 8, true), view.getUint32(at * 8 + 4, true)];
    const jump = (taken: boolean): void => void (at += view.getUint8(at * 8 + (taken ? 2 : 3)));
    if (code === 0x06) return { result: k, steps };
    else if (code === 0x20 && k % 4 === 0 && k < 64) accumulator = data.getUint32(k, true);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x05) at += k;
    else if (code === 0x15) jump(accumulator === k);
    else if (code === 0x25) jump(accumulator > k);
    else if (code === 0x35) jump(accumulator >= k);
    else throw new Error(`instruction ${at}: code ${code}, k ${k}`);
  }
  throw new Error('ran off its end');
}

function dataOf(call: Call): DataView {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.audit, true);
  call.args.forEach((each, at) => data.setBigUint64(16 + at * 8, each, true));
  return data;
}
