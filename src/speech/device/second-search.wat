;; Searches the same sound twice. The functions of soundswallower's search, each followed by itself for a second
;; search over the same acoustic model: what a frame's sounds score is worked out by whoever asks first, and kept.
;; A result is negative when one of the two failed.
(module
  (import "search" "start" (func $start (param i32) (result i32)))
  (import "search" "step" (func $step (param i32 i32) (result i32)))
  (import "search" "finish" (func $finish (param i32) (result i32)))
  (import "search" "second" (global $second i32))
  (func (export "start") (param $first i32) (result i32)
    (i32.or (call $start (local.get $first)) (call $start (global.get $second))))
  (func (export "step") (param $first i32) (param $frame i32) (result i32)
    (i32.or
      (call $step (local.get $first) (local.get $frame))
      (call $step (global.get $second) (local.get $frame))))
  (func (export "finish") (param $first i32) (result i32)
    (i32.or (call $finish (local.get $first)) (call $finish (global.get $second)))))
