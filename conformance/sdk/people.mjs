import assert from 'node:assert/strict';

// Where the server is, and who is on it: ../sdk_test.go makes both.
export const server = process.env.SERVER;

export const anna = { name: 'anna', password: 'correct horse' }; // an administrator
export const ben = { name: 'ben', password: 'Grüße + 100 % "Küsse"' };
export const kids = { name: 'kids', password: '' };

// refused is what the SDK says of an answer with a status that is no success.
export const refused = (status) => (error) => {
  assert.equal(error.response?.status, status, `${error}`);
  return true;
};
