/**
 * 95 % confidence limits of a Poisson mean after `n` events (Garwood 1936): half the chi-square quantiles
 * chi2(0.025; 2n) and chi2(0.975; 2n + 2), found by bisection on the regularised incomplete gamma function.
 */
export function poissonLimits(n: number): { low: number; high: number } {
  return { low: n === 0 ? 0 : gammaQuantile(n, 0.025), high: gammaQuantile(n + 1, 0.975) };
}

/** x with P(shape, x) = p. */
function gammaQuantile(shape: number, p: number): number {
  let low = 0;
  let high = shape + 10 * Math.sqrt(shape) + 20;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (regularizedGamma(shape, middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Lower regularised incomplete gamma function P(a, x): series below a + 1, continued fraction above (Abramowitz & Stegun 6.5). */
export function regularizedGamma(a: number, x: number): number {
  if (x <= 0) return 0;
  const front = Math.exp(-x + a * Math.log(x) - logGamma(a));
  const rounds = 200 + Math.ceil(10 * Math.sqrt(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n <= rounds; n++) {
      term *= x / (a + n);
      sum += term;
      if (term < sum * 1e-15) break;
    }
    return Math.min(1, sum * front);
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i <= rounds; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b || 1e-300);
    c = b + an / c || 1e-300;
    const delta = d * c;
    h *= delta;
    if (Math.abs(delta - 1) < 1e-15) break;
  }
  return 1 - front * h;
}

/** Natural logarithm of the gamma function (Stirling series after shifting the argument above 10). */
function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < 10) {
    shift -= Math.log(z);
    z++;
  }
  const r = 1 / (z * z);
  return (
    shift +
    (z - 0.5) * Math.log(z) -
    z +
    0.5 * Math.log(2 * Math.PI) +
    (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / z
  );
}
