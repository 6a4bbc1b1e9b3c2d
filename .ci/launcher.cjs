#!/usr/bin/env node
/**
 * What the executables in `dist` are: loads the bundle BUNDLE.cjs as `require` would, but with V8's compiled form of it where
 * the build made one for exactly this Node; compiling JavaScript is most of what a short run does. V8 checks that the
 * form fits the source and its own version and otherwise compiles as usual.
 */
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const FORM = `.${process.version}-${process.platform}-${process.arch}.v8`;
const loaded = new Map();

function compiledForm(file) {
  try {
    return fs.readFileSync(file + FORM);
  } catch {
    return undefined;
  }
}

function load(file) {
  const known = loaded.get(file);
  if (known !== undefined) return known.exports;
  // The build leaves no character beyond ASCII.
  const source = `(function (exports, require, module, __filename, __dirname) {${fs.readFileSync(file, 'latin1')}\n})`;
  const script = new vm.Script(source, { filename: file, cachedData: compiledForm(file) });
  // Without a prototype it is a hash table from the start: a form's hundred exports make no hundred shapes of an object.
  const module = { exports: Object.create(null) };
  loaded.set(file, module);
  const folder = path.dirname(file);
  const requireFrom = (id) => (id.startsWith('.') ? load(path.join(folder, id)) : require(id));
  script.runInThisContext().call(module.exports, module.exports, requireFrom, module, file, folder);
  return module.exports;
}

load(path.join(__dirname, 'chunks', 'BUNDLE.cjs'));
