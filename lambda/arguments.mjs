// Arguments of the measurements.

// The value of --name, a whole number above 0.
export function numberOf(text, name) {
  const number = Number(text);
  if (!(Number.isInteger(number) && number > 0)) throw new TypeError(`--${name} takes a whole number above 0`);
  return number;
}
