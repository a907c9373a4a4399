// Part 1: what the networks of kuzu.py compute of an image (see compute/ink.js), layer by layer. A layer is as in
// lab/page/readers.py: {kind, shape, weight, bias, act, stride, pad, pool}; images and feature maps stand row by row.

const readers = (() => {
  const ACTS = { relu: value => Math.max(0, value), tanh: Math.tanh, '': value => value };

  // Numbers of 32 bits from their bytes as text.
  const decode = text => new Float32Array(Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer);

  // A network with its weights as numbers.
  const load = layers => layers.map(layer => ({ ...layer, weight: decode(layer.weight), bias: decode(layer.bias) }));

  // Feature maps {maps, side, values} of feature maps.
  function convolve({ shape: [maps, depth, size], weight, bias, stride, pad }, input) {
    const side = Math.floor((input.side + 2 * pad - size) / stride) + 1, values = new Float64Array(maps * side * side);
    for (let map = 0; map < maps; map++) {
      const out = values.subarray(map * side * side, (map + 1) * side * side).fill(bias[map]);
      for (let from = 0; from < depth; from++) {
        for (let y = 0; y < size; y++) {
          for (let x = 0; x < size; x++) {
            const factor = weight[((map * depth + from) * size + y) * size + x];
            for (let row = 0; row < side; row++) {
              const high = row * stride + y - pad;
              if (high < 0 || high >= input.side) continue;
              const begin = (from * input.side + high) * input.side + x - pad;
              for (let column = 0; column < side; column++) {
                const across = column * stride + x - pad;
                if (across >= 0 && across < input.side) out[row * side + column] += factor * input.values[begin + column * stride];
              }
            }
          }
        }
      }
    }
    return { maps, side, values };
  }

  // The largest of each pool x pool values.
  function shrink({ maps, side, values }, pool) {
    const small = Math.floor(side / pool), found = new Float64Array(maps * small * small).fill(-Infinity);
    for (let map = 0; map < maps; map++) {
      for (let row = 0; row < small * pool; row++) {
        for (let column = 0; column < small * pool; column++) {
          const at = (map * small + Math.floor(row / pool)) * small + Math.floor(column / pool);
          found[at] = Math.max(found[at], values[(map * side + row) * side + column]);
        }
      }
    }
    return { maps, side: small, values: found };
  }

  function multiply({ shape: [units, inputs], weight, bias }, { values }) {
    const nets = Float64Array.from(bias);
    for (let unit = 0; unit < units; unit++) {
      for (let at = 0; at < inputs; at++) nets[unit] += weight[unit * inputs + at] * values[at];
    }
    return { maps: units, side: 1, values: nets };
  }

  // The values of the input and after each layer; the last are the logits. Ink is 1 and paper -1, as in training.
  function run(layers, image) {
    const found = [{ maps: 1, side: ink.SIDE, values: image.map(value => 2 * value - 1) }];
    for (const layer of layers) {
      const nets = layer.kind === 'conv' ? convolve(layer, found.at(-1)) : multiply(layer, found.at(-1));
      const { maps, side, values } = layer.pool > 1 ? shrink(nets, layer.pool) : nets;
      found.push({ maps, side, values: values.map(ACTS[layer.act]) });
    }
    return found;
  }

  // The probability of each class.
  function probabilities(logits) {
    const largest = Math.max(...logits), powers = logits.map(value => Math.exp(value - largest));
    const total = powers.reduce((sum, value) => sum + value);
    return powers.map(value => value / total);
  }

  // Classes by probability, the most probable first.
  const ranked = prob => [...prob.keys()].sort((a, b) => prob[b] - prob[a]);

  return { load, run, probabilities, ranked };
})();
