// Random numbers that follow from a seed: sfc32, the small fast chaotic generator of PractRand (Doty-Humphrey 2014).

class Random {
  constructor(seed) {
    this.state = Uint32Array.of(0, seed, seed / 2 ** 32, 1);
    for (let k = 0; k < 12; k++) this.next(); // as its author does, to mix the seed in
  }

  // Uniform in [0, 1).
  next() {
    const { state } = this;
    const sum = (state[0] + state[1] + state[3]++) >>> 0;
    state[0] = state[1] ^ (state[1] >>> 9);
    state[1] = state[2] + (state[2] << 3);
    state[2] = ((state[2] << 21) | (state[2] >>> 11)) + sum;
    return sum / 2 ** 32;
  }

  // A whole number from 1 to `most`.
  whole(most) {
    return 1 + Math.floor(this.next() * most);
  }

  // From the normal distribution with mean 0 and standard deviation 1 (Box and Muller 1958).
  normal() {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}
