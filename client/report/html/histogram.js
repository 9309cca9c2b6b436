// Reads HdrHistogram V2 (compressed, base64): what a slice of a timeline holds.

async function decodeHistogram(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const inflating =
      new Blob([packed.subarray(8)]).stream().pipeThrough(new DecompressionStream('deflate'));
  const bytes = new Uint8Array(await new Response(inflating).arrayBuffer());
  const view = new DataView(bytes.buffer);
  if ((view.getUint32(0) & ~0xf0) !== 0x1c849303) throw new Error('not an HdrHistogram V2');
  const end = 40 + view.getInt32(4);
  const magnitude = Math.ceil(Math.log2(2 * 10 ** view.getInt32(12)));
  const unit = Math.floor(Math.log2(Math.max(Number(view.getBigInt64(16)), 1)));
  const counts = [];
  let index = 0;
  for (let at = 40; at < end;) {
    let value = 0;
    let scale = 1;
    for (let i = 0;; ++i, scale *= 128) {
      const byte = bytes[at++];
      value += (i < 8 ? byte & 127 : byte) * scale;
      if (i === 8 || byte < 128) break;
    }
    const count = value % 2 ? -(value + 1) / 2 : value / 2;
    if (count < 0)
      index -= count;
    else
      counts.push([lowestOf(index++, magnitude, unit), count]);
  }
  return counts.filter(([, count]) => count > 0);
}

/** The smallest value, in nanoseconds, that the histogram counts at `index`. */
function lowestOf(index, magnitude, unit) {
  const half = 2 ** (magnitude - 1);
  let bucket = Math.floor(index / half) - 1;
  let within = index % half + half;
  if (bucket < 0) {
    within -= half;
    bucket = 0;
  }
  return within * 2 ** (bucket + unit);
}
