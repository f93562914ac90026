// Searches for prime numbers in the background, for pages that make an RSA key pair.
//
// Messages, all of them plain objects:
//   to the page      {found: false}           ready for a range, or nothing found in the last one
//   from the page    {hex, workLoad}          look at `workLoad` candidates, the first of them `hex`
//   to the page      {found: true, prime}     the first probable prime among them, in hexadecimal
//
// The page hands out numbers of the form 30k + 1, and candidates are the numbers from there that 2, 3 and 5 do not divide.

'use strict';

// From one number without the factors 2, 3 and 5 to the next, beginning at 30k + 1.
const STEPS = [6, 4, 2, 4, 2, 4, 6, 2];
const SMALL_PRIMES = primesBelow(2048);

self.addEventListener('message', ({ data }) => {
  const prime = findPrime(BigInt(`0x${data.hex}`), data.workLoad);
  self.postMessage(prime === null ? { found: false } : { found: true, prime: prime.toString(16) });
});

self.postMessage({ found: false });

/** The first probable prime among `count` candidates from `start`, or null. */
function findPrime(start, count) {
  // What is left of the first candidate for each small prime; the others differ from it by a small offset.
  const rests = SMALL_PRIMES.map((prime) => Number(start % BigInt(prime)));
  let offset = 0;
  for (let i = 0; i < count; i += 1) {
    const candidate = start + BigInt(offset);
    if (survivesTrialDivision(candidate, offset, rests) && isProbablePrime(candidate)) return candidate;
    offset += STEPS[i % STEPS.length];
  }
  return null;
}

function survivesTrialDivision(candidate, offset, rests) {
  for (let i = 0; i < SMALL_PRIMES.length; i += 1) {
    if ((rests[i] + offset) % SMALL_PRIMES[i] === 0) return candidate === BigInt(SMALL_PRIMES[i]);
  }
  return true;
}

/** Miller and Rabin's test. A composite number passes one round with a chance below 1/4, a large random one far below. */
function isProbablePrime(n) {
  if (n < 4n || (n & 1n) === 0n) return n === 2n || n === 3n;
  const bits = n.toString(2).length;
  const last = n - 1n;
  let odd = last;
  let halvings = 0;
  while ((odd & 1n) === 0n) {
    odd >>= 1n;
    halvings += 1;
  }
  // Base 2 ends almost every search for a composite number, and its powers are the cheapest.
  if (!passesRound(n, last, odd, halvings, 2n)) return false;
  for (let round = bits < 512 ? 40 : 8; round > 0; round -= 1) {
    if (!passesRound(n, last, odd, halvings, randomBase(n, bits))) return false;
  }
  return true;
}

function passesRound(n, last, odd, halvings, base) {
  let power = powerModulo(base, odd, n);
  if (power === 1n || power === last) return true;
  for (let i = 1; i < halvings; i += 1) {
    power = (power * power) % n;
    if (power === last) return true;
    if (power === 1n) return false;
  }
  return false;
}

/** From 2 up to n - 2. */
function randomBase(n, bits) {
  const bytes = new Uint8Array(Math.ceil(bits / 8) + 8);
  self.crypto.getRandomValues(bytes);
  const random = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return 2n + (random % (n - 3n));
}

/** Four bits of the exponent at a time. */
function powerModulo(base, exponent, modulus) {
  const powers = [1n];
  for (let i = 1; i < 16; i += 1) powers.push((powers[i - 1] * base) % modulus);
  let power = 1n;
  for (const digit of exponent.toString(16)) {
    for (let i = 0; i < 4; i += 1) power = (power * power) % modulus;
    const value = parseInt(digit, 16);
    if (value !== 0) power = (power * powers[value]) % modulus;
  }
  return power;
}

/** Without 2, 3 and 5, which divide no candidate. */
function primesBelow(end) {
  const primes = [];
  for (let number = 7; number < end; number += 2) {
    if (number % 3 !== 0 && number % 5 !== 0 && primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes;
}
