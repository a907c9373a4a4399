// The form of the page's JavaScript (quotes, commas, spaces, long lines), and faults that a reader overlooks: a name that
// is not there, a variable that nobody uses.

import js from '@eslint/js';
import stylistic from '@stylistic/eslint-plugin';
import globals from 'globals';

// Each room names what others use: the files are one script on the page.
const rooms = ['check', 'curve', 'glyphs', 'ink', 'inside', 'judge', 'lines', 'net', 'page', 'perceptron', 'pth', 'Random'];
rooms.push('readers', 'recurrent', 'save', 'share', 'Space', 'States', 'views', 'worker');

export default [
  js.configs.recommended,
  stylistic.configs.customize({ semi: true, quoteProps: 'as-needed', braceStyle: '1tbs' }),
  {
    languageOptions: {
      sourceType: 'script',
      parserOptions: { ecmaFeatures: { impliedStrict: true } }, // lab/page/render.py says so once, before the first room
      globals: { ...globals.browser, ...Object.fromEntries(rooms.map(name => [name, 'readonly'])) },
    },
    rules: {
      'no-shadow': 'error',
      'no-redeclare': ['error', { builtinGlobals: false }],
      'no-unused-vars': ['error', { vars: 'local' }],
      '@stylistic/arrow-parens': ['error', 'as-needed'],
      '@stylistic/max-len': ['error', { code: 170, ignoreTemplateLiterals: true }],
      '@stylistic/max-statements-per-line': 'off',
      '@stylistic/no-mixed-operators': 'off',
    },
  },
];
