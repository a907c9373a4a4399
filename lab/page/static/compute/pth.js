// Weights as PyTorch's torch.save() writes a plain state_dict: a zip file that is not packed, with a pickle of names and
// shapes (protocol 2) and a record of float32 numbers for each tensor.

const pth = (() => {
  const text = string => [...new TextEncoder().encode(string)];
  const little = (value, bytes) => Array.from({ length: bytes }, (_, n) => (value >>> (8 * n)) & 255);
  const word = string => [0x58, ...little(string.length, 4), ...text(string)]; // BINUNICODE
  const whole = value => [0x4a, ...little(value, 4)]; // BININT
  const tuple = items => [0x28, ...items.flat(), 0x74]; // MARK ... TUPLE
  const name = (module, what) => [0x63, ...text(`${module}\n${what}\n`)]; // GLOBAL

  // The pickle of a dict from names to calls of _rebuild_tensor_v2(storage, offset, shape, strides, no gradient, no hooks).
  function pickle(tensors) {
    const items = tensors.flatMap(([title, shape], n) => {
      const count = shape.reduce((product, side) => product * side);
      const storage = [...tuple([word('storage'), name('torch', 'FloatStorage'), word(String(n)), word('cpu'), whole(count)]), 0x51];
      const sizes = tuple(shape.map(whole)), strides = tuple(shape.map((_, axis) => whole(axis < shape.length - 1 ? shape.at(-1) : 1)));
      const hooks = [...name('collections', 'OrderedDict'), 0x29, 0x52]; // called with ()
      return [...word(title), ...name('torch._utils', '_rebuild_tensor_v2'), ...tuple([storage, whole(0), sizes, strides, [0x89], hooks]), 0x52];
    });
    return [0x80, 2, 0x7d, 0x28, ...items, 0x75, 0x2e]; // PROTO 2, {}, MARK ... SETITEMS, STOP
  }

  function crc32(bytes) {
    let crc = -1;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
  }

  // files: [path, bytes]
  function zip(files) {
    const body = [], directory = [];
    for (const [path, bytes] of files) {
      const sizes = [...little(crc32(bytes), 4), ...little(bytes.length, 4), ...little(bytes.length, 4), ...little(path.length, 2), 0, 0];
      const head = [20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0, ...sizes]; // version 2.0, stored, 1 January 1980
      directory.push(...text('PK\x01\x02'), 20, 0, ...head, ...little(0, 10), ...little(body.length, 4), ...text(path));
      body.push(...text('PK\x03\x04'), ...head, ...text(path), ...bytes);
    }
    const count = little(files.length, 2), end = [...little(directory.length, 4), ...little(body.length, 4), 0, 0];
    return Uint8Array.from([...body, ...directory, ...text('PK\x05\x06'), 0, 0, 0, 0, ...count, ...count, ...end]);
  }

  // tensors: [name, shape, numbers] of each.
  function write(tensors) {
    const floats = values => [...new Uint8Array(Float32Array.from(values).buffer)];
    const records = tensors.map(([, , values], n) => [`archive/data/${n}`, floats(values)]);
    return zip([['archive/data.pkl', pickle(tensors)], ...records, ['archive/version', text('3\n')]]);
  }

  return { write };
})();
