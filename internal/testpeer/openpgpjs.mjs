// What openpgp.js is asked to do by the tests: one JSON object in, one out.
// ALMASU_OPENPGPJS is the folder of the library.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const openpgp = createRequire(import.meta.url)(process.env.ALMASU_OPENPGPJS);
const job = JSON.parse(readFileSync(0, 'utf8'));
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'));
const base64 = (octets) => Buffer.from(octets).toString('base64');
const now = new Date(Date.now() - 2000);

// enums of the library by their names, so that the tests need no numbers.
const config = { ...job.config };
for (const [name, table] of Object.entries({
  preferredSymmetricAlgorithm: 'symmetric', preferredAEADAlgorithm: 'aead', preferredHashAlgorithm: 'hash',
  preferredCompressionAlgorithm: 'compression', s2kType: 's2k',
})) {
  if (name in config) config[name] = openpgp.enums[table][config[name]];
}
for (const name of ['rejectCurves', 'rejectPublicKeyAlgorithms', 'rejectHashAlgorithms', 'rejectMessageHashAlgorithms']) {
  if (config[name]) config[name] = new Set();
}

async function privateKey(binary) {
  const key = await openpgp.readPrivateKey({ binaryKey: bytes(binary), config });
  return key.isDecrypted() ? key : openpgp.decryptKey({ privateKey: key, passphrase: job.passphrase, config });
}

const work = {
  async generate() {
    const key = await openpgp.generateKey({ ...job.key, userIDs: [{ email: job.address }], passphrase: job.passphrase,
      date: now, format: 'binary', config });
    return { private: base64(key.privateKey), public: base64(key.publicKey) };
  },
  async seal() {
    const keys = await Promise.all(job.to.map((k) => openpgp.readKey({ binaryKey: bytes(k), config })));
    const message = await openpgp.createMessage({ binary: bytes(job.content) });
    const sealed = await openpgp.encrypt({ message, encryptionKeys: keys, signingKeys: await privateKey(job.private),
      passwords: job.passwords, wildcard: job.hidden, format: 'binary', config });
    return { message: base64(sealed) };
  },
  async open() {
    const message = await openpgp.readMessage({ armoredMessage: job.message, config });
    const opened = await openpgp.decrypt({ message, decryptionKeys: await privateKey(job.private),
      verificationKeys: await openpgp.readKey({ binaryKey: bytes(job.to[0]), config }), expectSigned: true, format: 'binary', config });
    return { content: base64(opened.data), packets: message.packets.map((p) => `${p.constructor.tag}.${p.version}`) };
  },
};

try {
  console.log(JSON.stringify(await work[job.op]()));
} catch (error) { // alone, without the line of the minified library
  console.error(error.stack.split('\n').filter((line) => !/^\s+at /.test(line)).join('\n'), error.cause ?? '');
  process.exitCode = 1;
}
