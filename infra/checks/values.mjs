// Values of a plan: an argument that is one or several, or absent, and a nested block, which is a list of at most one.
export const list = (value) => (value === undefined || value === null ? [] : [value].flat());
export const block = (value) => list(value).filter((one) => one !== null && one !== undefined)[0] ?? {};
