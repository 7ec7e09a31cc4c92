;; y = max(floor, b + W x), the one operation the voice-activity network spends its time in.
;;
;; W has `rows` rows of `cols` floats, row after row; rows and cols are multiples of 4. All pointers are byte
;; addresses in the imported memory. Four rows go together, so that each part of x is loaded once for four of W.
;; `floor` is 0 for a rectified layer and minus infinity for a plain one.
(module
  (import "env" "memory" (memory 1))
  (func (export "matvec")
    (param $rows i32) (param $cols i32)
    (param $w i32) (param $b i32) (param $x i32) (param $y i32)
    (param $floor f32)
    (local $rowBytes i32) (local $wEnd i32) (local $xAt i32) (local $xEnd i32)
    (local $w1 i32) (local $w2 i32) (local $w3 i32)
    (local $v v128) (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (local $t0 v128) (local $t1 v128) (local $t2 v128) (local $t3 v128)
    (local.set $rowBytes (i32.shl (local.get $cols) (i32.const 2)))
    (local.set $xEnd (i32.add (local.get $x) (local.get $rowBytes)))
    (local.set $wEnd
      (i32.add (local.get $w) (i32.mul (local.get $rows) (local.get $rowBytes))))
    (loop $fourRows
      (local.set $s0 (v128.const f32x4 0 0 0 0))
      (local.set $s1 (v128.const f32x4 0 0 0 0))
      (local.set $s2 (v128.const f32x4 0 0 0 0))
      (local.set $s3 (v128.const f32x4 0 0 0 0))
      (local.set $w1 (i32.add (local.get $w) (local.get $rowBytes)))
      (local.set $w2 (i32.add (local.get $w1) (local.get $rowBytes)))
      (local.set $w3 (i32.add (local.get $w2) (local.get $rowBytes)))
      (local.set $xAt (local.get $x))
      (loop $fourColumns
        (local.set $v (v128.load (local.get $xAt)))
        (local.set $s0 (f32x4.add (local.get $s0) (f32x4.mul (local.get $v) (v128.load (local.get $w)))))
        (local.set $s1 (f32x4.add (local.get $s1) (f32x4.mul (local.get $v) (v128.load (local.get $w1)))))
        (local.set $s2 (f32x4.add (local.get $s2) (f32x4.mul (local.get $v) (v128.load (local.get $w2)))))
        (local.set $s3 (f32x4.add (local.get $s3) (f32x4.mul (local.get $v) (v128.load (local.get $w3)))))
        (local.set $w (i32.add (local.get $w) (i32.const 16)))
        (local.set $w1 (i32.add (local.get $w1) (i32.const 16)))
        (local.set $w2 (i32.add (local.get $w2) (i32.const 16)))
        (local.set $w3 (i32.add (local.get $w3) (i32.const 16)))
        (local.set $xAt (i32.add (local.get $xAt) (i32.const 16)))
        (br_if $fourColumns (i32.lt_u (local.get $xAt) (local.get $xEnd))))
      ;; Turned by 90 degrees, the four sums of four become one vector of row sums.
      (local.set $t0 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s0) (local.get $s1)))
      (local.set $t1 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s0) (local.get $s1)))
      (local.set $t2 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s2) (local.get $s3)))
      (local.set $t3 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s2) (local.get $s3)))
      (local.set $t0 (f32x4.add (local.get $t0) (local.get $t1)))
      (local.set $t2 (f32x4.add (local.get $t2) (local.get $t3)))
      (v128.store (local.get $y)
        (f32x4.max (f32x4.splat (local.get $floor))
          (f32x4.add (v128.load (local.get $b))
            (f32x4.add
              (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $t0) (local.get $t2))
              (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $t0) (local.get $t2))))))
      (local.set $b (i32.add (local.get $b) (i32.const 16)))
      (local.set $y (i32.add (local.get $y) (i32.const 16)))
      (local.set $w (local.get $w3))
      (br_if $fourRows (i32.lt_u (local.get $w) (local.get $wEnd))))))
